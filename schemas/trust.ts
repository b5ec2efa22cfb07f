/** Sessions with less trust than this are stored with weight 0: no metric counts them and nobody is paged for them. */
export const TRUSTED_FROM = 50
