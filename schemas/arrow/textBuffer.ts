/** UTF-8 that grows at its end. Lone surrogates become U+FFFD. */
export class TextBuffer {
  bytes = 0
  private buffer = Buffer.allocUnsafe(1024)

  append(text: string): void {
    const length = text.length
    if (this.bytes + length * 3 > this.buffer.length) this.reserve(length * 3)
    // Most texts are short ASCII: copying by hand is cheaper than a call into the encoder.
    if (length <= 64) {
      const buffer = this.buffer
      let at = this.bytes
      let index = 0
      for (; index < length; index += 1) {
        const unit = text.charCodeAt(index)
        if (unit > 127) break
        buffer[at++] = unit
      }
      if (index === length) {
        this.bytes = at
        return
      }
    }
    this.bytes += this.buffer.write(text, this.bytes)
  }
  truncate(bytes: number): void {
    this.bytes = bytes
    if (bytes === 0 && this.buffer.length > 4_194_304) this.buffer = Buffer.allocUnsafe(65_536)
  }
  view(): Uint8Array {
    return this.buffer.subarray(0, this.bytes)
  }
  private reserve(more: number): void {
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.bytes + more))
    this.buffer.copy(grown, 0, 0, this.bytes)
    this.buffer = grown
  }
}
