// Which keys a part may hold: about one per cent of false yes, never a false no.
//
// Blocked: a key touches one cache line of 64 bytes. Hashes come from hash_rows (identity).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::storage {

class BloomFilter {
 public:
  static BloomFilter of(std::span<const std::uint64_t> hashes);
  static BloomFilter decode(std::string_view bytes);  // XX001
  std::string encode() const;

  bool may_contain(std::uint64_t hash) const;

 private:
  static constexpr std::size_t words_per_block = 8;
  std::vector<std::uint64_t> words_;  // a multiple of words_per_block; empty: holds nothing
};

}  // namespace tailrace::storage
