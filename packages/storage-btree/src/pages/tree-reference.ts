/** A tree, or a part of one, by the page at its top. */
export interface TreeReference {
  /** 0 for the empty tree. */
  readonly page: number;
  /** Of the page, so that what it has become is noticed. */
  readonly checksum: number;
  /** 0 when the page is a leaf. */
  readonly level: number;
  readonly entries: number;
  /** Whether any value under it lies outside the pages of the tree. */
  readonly hasOutside: boolean;
}

export const EMPTY_TREE: TreeReference = {
  page: 0,
  checksum: 0,
  level: 0,
  entries: 0,
  hasOutside: false,
};
