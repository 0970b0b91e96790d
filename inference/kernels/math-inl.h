// exp and the activations (NUMERICS.md §5): IEEE operations in one fixed order, the same on every tier.

// Round half to even, |x| < 2^22: adding and subtracting 1.5 * 2^23.
inline F round_even(F x) { return (x + set1(12582912.0f)) - set1(12582912.0f); }

// e^x. Above 88: infinity. Below -87: +0, so that no result is subnormal.
// x = n ln 2 + r, |r| <= 0.35; Taylor's polynomial of degree 7 (its remainder is below 2^-27); times 2^n.
inline F exp(F x) {
  const F high = set1(88.0f), low = set1(-87.0f);
  const F c = select_gt(low, x, low, select_gt(x, high, high, x));
  const F n = round_even(c * set1(1.44269504088896341f));
  F r = fma(n, set1(-0.693147182464599609375f), c);       // ln 2 rounded to float
  r = fma(n, set1(1.904654323148236017e-9f), r);          // the rest of it
  F p = set1(1.0f / 5040);
  p = fma(p, r, set1(1.0f / 720));
  p = fma(p, r, set1(1.0f / 120));
  p = fma(p, r, set1(1.0f / 24));
  p = fma(p, r, set1(1.0f / 6));
  p = fma(p, r, set1(0.5f));
  p = fma(p, r, set1(1.0f));
  p = fma(p, r, set1(1.0f));
  const F power = bits_to_float(shift_left(to_int(n) + set1(127), 23));
  const F e = p * power;
  return select_gt(low, x, set1(0.0f), select_gt(x, high, set1(__builtin_inff()), e));
}

// x / (1 + e^-x)
inline F silu(F x) { return x / (set1(1.0f) + exp(set1(0.0f) - x)); }

// The tanh form of GELU: x (1 + tanh u) / 2 = x / (1 + e^-2u), 2u = x (2 sqrt(2/pi) + 2 sqrt(2/pi) 0.044715 x^2).
inline F gelu(F x) {
  const F u2 = x * fma(x * x, set1(0.0713548162726002527f), set1(1.59576912160573071f));
  return x / (set1(1.0f) + exp(set1(0.0f) - u2));
}

// Lanes added in halves: 8, 4, 2, 1.
inline float tree_sum(F x) {
  float t[16];
  store(t, x);
  for (int half = 8; half >= 1; half /= 2)
    for (int i = 0; i < half; ++i) t[i] = t[i] + t[i + half];
  return t[0];
}
