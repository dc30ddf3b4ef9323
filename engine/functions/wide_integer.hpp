// Two's complement integers of a fixed number of 64-bit limbs, for sums that must be exact whatever
// is added and taken away again. All zero bytes are zero; trivially copyable; aligned to 8.
#pragma once

#include <array>
#include <cstdint>

namespace tailrace::engine {

template <int limb_count>
struct WideInteger {
  std::array<std::uint64_t, limb_count> limbs;  // least significant first

  bool is_negative() const { return (limbs[limb_count - 1] >> 63) != 0; }

  // Adds (or takes away) magnitude * 2^shift.
  void add_shifted(unsigned __int128 magnitude, int shift, bool negative) {
    const int first = shift / 64;
    const int bits = shift % 64;
    const auto low = static_cast<std::uint64_t>(magnitude);
    const auto high = static_cast<std::uint64_t>(magnitude >> 64);
    const std::uint64_t parts[3] = {low << bits,
                                    bits == 0 ? high : (high << bits) | (low >> (64 - bits)),
                                    bits == 0 ? 0 : high >> (64 - bits)};
    add_limbs(parts, 3, first, negative);
  }

  void add_limbs(const std::uint64_t* parts, int count, int first, bool negative) {
    unsigned char carry = 0;
    int limb = first;
    for (int i = 0; i < count && limb < limb_count; ++i, ++limb)
      carry = step(limbs[limb], parts[i], carry, negative);
    for (; carry != 0 && limb < limb_count; ++limb) carry = step(limbs[limb], 0, carry, negative);
  }

  void add(const WideInteger& other) { add_limbs(other.limbs.data(), limb_count, 0, false); }

  WideInteger magnitude() const {
    if (!is_negative()) return *this;
    WideInteger result{};
    result.add_limbs(limbs.data(), limb_count, 0, true);
    return result;
  }

  // Of a magnitude: the number of significant bits.
  int bit_length() const {
    for (int limb = limb_count - 1; limb >= 0; --limb) {
      if (limbs[limb] != 0) return limb * 64 + 64 - __builtin_clzll(limbs[limb]);
    }
    return 0;
  }
  bool bit(int index) const { return ((limbs[index / 64] >> (index % 64)) & 1) != 0; }

  // Divides a magnitude; gives the remainder.
  std::uint64_t divide(std::uint64_t divisor) {
    unsigned __int128 rest = 0;
    for (int limb = limb_count - 1; limb >= 0; --limb) {
      const unsigned __int128 part = (rest << 64) | limbs[limb];
      limbs[limb] = static_cast<std::uint64_t>(part / divisor);
      rest = part % divisor;
    }
    return static_cast<std::uint64_t>(rest);
  }

 private:
  static unsigned char step(std::uint64_t& limb, std::uint64_t part, unsigned char carry,
                            bool negative) {
    unsigned long long result;
    unsigned char out;
    if (negative) {
      const bool below = __builtin_usubll_overflow(limb, part, &result);
      const bool again = __builtin_usubll_overflow(result, carry, &result);
      out = below || again;
    } else {
      const bool above = __builtin_uaddll_overflow(limb, part, &result);
      const bool again = __builtin_uaddll_overflow(result, carry, &result);
      out = above || again;
    }
    limb = result;
    return out;
  }
};

}  // namespace tailrace::engine
