/** Turns each line that is a decorator, such as `@inline`, into a comment that `showDecorators` knows again. */
export function hideDecorators(source: string): string {
  return source.replace(/^([ \t]*)@(\w.*)$/gm, '$1//@$2');
}

/** Takes back what `hideDecorators` did. */
export function showDecorators(source: string): string {
  return source.replace(/^([ \t]*)\/\/@(\w.*)$/gm, '$1@$2');
}
