/** An error that a person at the command line can mend: told in one line, without a stack. */
export const expectedError = (message: string, options?: ErrorOptions): Error =>
  Object.assign(new Error(message, options), { expected: true })
