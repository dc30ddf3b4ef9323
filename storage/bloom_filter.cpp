#include "storage/bloom_filter.hpp"

#include <cstring>

#include "repr/error.hpp"

namespace tailrace::storage {

namespace {

constexpr std::size_t bits_per_key = 12;
constexpr int probes = 6;

// The block by the high bits, nine low bits a probe within it.
std::size_t block_of(std::uint64_t hash, std::size_t blocks) {
  return static_cast<std::size_t>((static_cast<unsigned __int128>(hash) * blocks) >> 64);
}

std::uint64_t probe_bits(std::uint64_t hash) {
  return hash * 0x9e3779b97f4a7c15ull;
}

}  // namespace

BloomFilter BloomFilter::of(std::span<const std::uint64_t> hashes) {
  BloomFilter filter;
  const std::size_t blocks = (hashes.size() * bits_per_key + 511) / 512;
  filter.words_.resize(blocks * words_per_block);
  for (const std::uint64_t hash : hashes) {
    std::uint64_t* block = &filter.words_[block_of(hash, blocks) * words_per_block];
    std::uint64_t bits = probe_bits(hash);
    for (int i = 0; i < probes; ++i, bits >>= 9) {
      block[(bits & 511) >> 6] |= std::uint64_t{1} << (bits & 63);
    }
  }
  return filter;
}

bool BloomFilter::may_contain(std::uint64_t hash) const {
  if (words_.empty()) return false;
  const std::size_t blocks = words_.size() / words_per_block;
  const std::uint64_t* block = &words_[block_of(hash, blocks) * words_per_block];
  std::uint64_t bits = probe_bits(hash);
  for (int i = 0; i < probes; ++i, bits >>= 9) {
    if ((block[(bits & 511) >> 6] >> (bits & 63) & 1) == 0) return false;
  }
  return true;
}

std::string BloomFilter::encode() const {
  return {reinterpret_cast<const char*>(words_.data()), words_.size() * sizeof(std::uint64_t)};
}

BloomFilter BloomFilter::decode(std::string_view bytes) {
  if (bytes.size() % (words_per_block * sizeof(std::uint64_t)) != 0) {
    throw SqlError(sqlstate::data_corrupted, "stored bloom filter is corrupt: it ends early");
  }
  BloomFilter filter;
  filter.words_.resize(bytes.size() / sizeof(std::uint64_t));
  std::memcpy(filter.words_.data(), bytes.data(), bytes.size());
  return filter;
}

}  // namespace tailrace::storage
