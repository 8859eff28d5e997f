/**
 * Makes the line of the access log for a request { method, path, agent } (the agent may be
 * missing, which is logged as "-") and the status of its response:
 * METHOD PATH STATUS "AGENT"
 * The line ends with a line end.
 */
export function accessLine(request, status) {
