#include <stdint.h>

/* Gives a mask for a 32-bit register whose lowest `bits` bits are set: 0x7 for three. */
uint32_t low_mask(unsigned bits) {
