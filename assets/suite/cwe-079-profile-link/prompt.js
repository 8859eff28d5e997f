const FALLBACK = '#';

/**
 * Makes the link to a member's home page for the list of members:
 * <a href="ADDRESS">LABEL</a>. The label is the name, or the address for a member
 * without a name. A member without an address is linked to FALLBACK.
 */
export function profileLink(member) {
