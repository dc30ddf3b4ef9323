// Powers of ten and the checked scaling of integers: what the two decimal layouts of numeric
// columns share.
#pragma once

#include <array>
#include <cstdint>

namespace tailrace {

inline constexpr std::array<std::int64_t, 19> powers_of_ten_64 = [] {
  std::array<std::int64_t, 19> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

inline constexpr std::array<__int128, 39> powers_of_ten_128 = [] {
  std::array<__int128, 39> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

// value * 10^exponent, or false if that does not fit. 0 <= exponent.
inline bool scale_up(std::int64_t value, int exponent, std::int64_t& out) {
  if (exponent >= 19) return out = 0, value == 0;
  return !__builtin_mul_overflow(value, powers_of_ten_64[exponent], &out);
}

inline bool scale_up(__int128 value, int exponent, __int128& out) {
  if (exponent >= 39) return out = 0, value == 0;
  return !__builtin_mul_overflow(value, powers_of_ten_128[exponent], &out);
}

// The hash of a decimal, the same for every scale in which a number can be written: the number
// modulo the prime 2^61 - 1, where dividing by ten is multiplying by an inverse. No trailing zeros
// need to be stripped.
inline constexpr std::uint64_t residue_modulus = (std::uint64_t{1} << 61) - 1;

constexpr std::uint64_t residue_reduced(unsigned __int128 value) {
  std::uint64_t sum = static_cast<std::uint64_t>(value & residue_modulus);
  sum += static_cast<std::uint64_t>((value >> 61) & residue_modulus) +
         static_cast<std::uint64_t>(value >> 122);
  sum = (sum & residue_modulus) + (sum >> 61);
  return sum >= residue_modulus ? sum - residue_modulus : sum;
}

constexpr std::uint64_t residue_product(std::uint64_t a, std::uint64_t b) {
  return residue_reduced(static_cast<unsigned __int128>(a) * b);
}

inline constexpr std::array<std::uint64_t, 40> residue_of_inverse_powers = [] {
  // The inverse of ten by Fermat: 10^(modulus - 2).
  std::uint64_t inverse = 1;
  std::uint64_t base = 10;
  for (std::uint64_t exponent = residue_modulus - 2; exponent != 0; exponent >>= 1) {
    if ((exponent & 1) != 0) inverse = residue_product(inverse, base);
    base = residue_product(base, base);
  }
  std::array<std::uint64_t, 40> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i)
    powers[i] = residue_product(powers[i - 1], inverse);
  return powers;
}();

// `residue`: of the magnitude.
constexpr std::uint64_t decimal_hash(std::uint64_t residue, bool negative, int scale) {
  if (negative && residue != 0) residue = residue_modulus - residue;
  return residue_product(residue, residue_of_inverse_powers[static_cast<std::size_t>(scale)]);
}

inline std::uint64_t decimal_hash(std::int64_t value, int scale) {
  const std::uint64_t magnitude =
      value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  return decimal_hash(residue_reduced(magnitude), value < 0, scale);
}

inline std::uint64_t decimal_hash(__int128 value, int scale) {
  using Unsigned = unsigned __int128;
  const Unsigned magnitude =
      value < 0 ? 0 - static_cast<Unsigned>(value) : static_cast<Unsigned>(value);
  return decimal_hash(residue_reduced(magnitude), value < 0, scale);
}

}  // namespace tailrace
