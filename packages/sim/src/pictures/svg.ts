/** What the pictures of this package have in common: a document, and text that fits into it. */

export interface SvgDocument {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly style: string;
  readonly parts: readonly string[];
  /** Definitions such as arrow heads. */
  readonly defs?: string;
}

export function svgDocument({ width, height, title, style, parts, defs }: SvgDocument): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${style}\n</style>`,
    ...(defs === undefined ? [] : [`<defs>${defs}</defs>`]),
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

export function escapeXml(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replace(/\p{Cc}/gu, '\u{fffd}');
}

/** The width of a text in a monospaced font, near enough. */
export function textWidth(value: string, sizePx: number): number {
  return value.length * sizePx * 0.61;
}
