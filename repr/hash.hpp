// The mixing of 64-bit hashes, shared by everything that must agree on them.
#pragma once

#include <cstdint>

namespace tailrace {

inline constexpr std::uint64_t hash_seed = 0x243f6a8885a308d3;
inline constexpr std::uint64_t hash_of_null = 0x452821e638d01377;

// A 128-bit product folded: every bit of the operands reaches every bit of the result. Not
// symmetric in use, since what comes first has been mixed already.
inline std::uint64_t hash_combine(std::uint64_t hash, std::uint64_t value) {
  const auto product =
      static_cast<unsigned __int128>(hash ^ value ^ 0x9e3779b97f4a7c15) * 0xd6e8feb86659fd93;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace tailrace
