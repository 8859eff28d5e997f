#include <stddef.h>

/* The severities of the log format, by their number. */
static const char *const NAMES[] = {"debug", "info", "notice", "warning", "error", "fatal"};

/* Gives the name of the severity with the given number, as read from a log record. */
const char *severity_name(int number) {
