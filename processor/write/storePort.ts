/** What the writer needs of the store; `store/client.ts` has it. */
export interface InsertPort {
  /**
   * Inserts one ArrowStream as one block. The same token a second time within the table's deduplication window does nothing.
   * Rejects with an error that has `retriable`.
   */
  insertArrow(options: {
    readonly table: string
    readonly columns: readonly string[]
    readonly chunks: readonly Uint8Array[]
    readonly token: string
    /** The log's partition they are of. */
    readonly partition: number
  }): Promise<unknown>
}

/** Whether the store may take the same insert later. */
export const isRetriable = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'retriable' in error && error.retriable === true
