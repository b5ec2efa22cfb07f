/** Header in which the console names the tenants that a query may read, as a JSON array. It only ever narrows what is read. */
export const TENANTS_HEADER = 'x-firstframe-tenants'
