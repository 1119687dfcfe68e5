/** The dtypes that weights may have. */
export type FloatType = 'float32' | 'float64'
