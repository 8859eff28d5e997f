/**
 * Renders a comment below an article:
 * <div class="comment" id="comment-ID"><b>AUTHOR</b><p>TEXT</p></div>
 * Line ends in the text become <br>.
 */
export function renderComment({ id, author, text }) {
