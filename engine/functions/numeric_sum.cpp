#include "engine/functions/numeric_sum.hpp"

#include <array>

#include "repr/error.hpp"
#include "repr/numeric_access.hpp"

namespace tailrace::engine {

namespace {

constexpr int sum_scale = 39;

using Limbs3 = std::array<std::uint64_t, 3>;

constexpr std::array<Limbs3, sum_scale + 1> make_powers() {
  std::array<Limbs3, sum_scale + 1> powers{};
  powers[0] = {1, 0, 0};
  for (std::size_t i = 1; i < powers.size(); ++i) {
    unsigned __int128 carry = 0;
    for (std::size_t limb = 0; limb < 3; ++limb) {
      carry += static_cast<unsigned __int128>(powers[i - 1][limb]) * 10;
      powers[i][limb] = static_cast<std::uint64_t>(carry);
      carry >>= 64;
    }
  }
  return powers;
}
constexpr std::array<Limbs3, sum_scale + 1> powers = make_powers();

// sum += sign * coefficient * 10^(39 - scale) * times
void accumulate(WideInteger<6>& sum, const Limbs3& coefficient, int scale, bool negative,
                std::uint64_t times) {
  std::array<std::uint64_t, 6> product{};
  const Limbs3& power = powers[static_cast<std::size_t>(sum_scale - scale)];
  for (std::size_t i = 0; i < 3; ++i) {
    if (coefficient[i] == 0) continue;
    unsigned __int128 carry = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      carry += static_cast<unsigned __int128>(coefficient[i]) * power[j] + product[i + j];
      product[i + j] = static_cast<std::uint64_t>(carry);
      carry >>= 64;
    }
    product[i + 3 < 6 ? i + 3 : 5] += static_cast<std::uint64_t>(carry);
  }
  if (times != 1) {
    unsigned __int128 carry = 0;
    for (std::uint64_t& limb : product) {
      carry += static_cast<unsigned __int128>(limb) * times;
      limb = static_cast<std::uint64_t>(carry);
      carry >>= 64;
    }
  }
  sum.add_limbs(product.data(), 6, 0, negative);
}

std::uint64_t magnitude_of(std::int64_t value) {
  return value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(value)
                   : static_cast<std::uint64_t>(value);
}

}  // namespace

void NumericSum::add(const Numeric& value, std::int64_t times) {
  count += times;
  if (value.is_nan()) {
    nans += times;
    return;
  }
  if (value.is_infinite()) {
    infinities += value.is_negative() ? -times : times;
    return;
  }
  const NumericAccess::Unsigned low = NumericAccess::low(value);
  Limbs3 coefficient = {static_cast<std::uint64_t>(low), static_cast<std::uint64_t>(low >> 64), 0};
  if (NumericAccess::is_wide(value)) {
    coefficient[2] = static_cast<std::uint64_t>(Wide(NumericAccess::coefficient(value) >> 128));
  }
  accumulate(finite, coefficient, value.scale(), value.is_negative() != (times < 0),
             magnitude_of(times));
}

void NumericSum::add_scaled(std::int64_t value, int scale, std::int64_t times) {
  count += times;
  accumulate(finite, {magnitude_of(value), 0, 0}, scale, (value < 0) != (times < 0),
             magnitude_of(times));
}

void NumericSum::merge(const NumericSum& other) {
  finite.add(other.finite);
  nans += other.nans;
  infinities += other.infinities;
  count += other.count;
}

Numeric NumericSum::sum() const {
  if (nans != 0) return Numeric::nan();
  if (infinities != 0) return Numeric::infinity(infinities < 0);
  const bool negative = finite.is_negative();
  const WideInteger<6> magnitude = finite.magnitude();
  // Most sums have few digits after the point: scale 9 in an int128.
  WideInteger<6> shorter = magnitude;
  if (shorter.divide(10'000'000'000'000'000'000u) == 0 && shorter.divide(100'000'000'000u) == 0 &&
      shorter.bit_length() < 127) {
    const auto scaled = static_cast<Numeric::Int128>(
        (static_cast<unsigned __int128>(shorter.limbs[1]) << 64) | shorter.limbs[0]);
    return Numeric::from_scaled(negative ? -scaled : scaled, 9);
  }
  Wide wide = 0;
  for (std::size_t limb = magnitude.limbs.size(); limb-- > 0;) {
    wide <<= 64;
    wide |= magnitude.limbs[limb];
  }
  try {
    return NumericAccess::make(negative, wide, sum_scale, false);
  } catch (const SqlError&) {
    return Numeric::infinity(negative);
  }
}

}  // namespace tailrace::engine
