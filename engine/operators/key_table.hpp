// A table of keys: every distinct one gets the next number from 0, its group. Not for several
// threads.
//
// Keys are kept in the batches in which they came first (just the new ones), so that nothing is
// converted; equality is that of `equality`, NULL equal to NULL.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "repr/batch.hpp"
#include "repr/order.hpp"

namespace tailrace::engine {

class KeyTable {
 public:
  KeyTable(std::vector<Type> types, Equality equality);

  std::size_t size() const { return refs_.size(); }
  std::size_t memory_bytes() const;

  // groups[i] is the group of row i of `keys` (a batch of just the key columns), which is added if
  // it is new.
  void find_or_add(const Batch& keys, std::vector<std::uint32_t>& groups);

  // The keys of all groups, in order.
  Batch keys() const;

 private:
  struct Ref {
    std::uint32_t segment;
    std::uint32_t row;
  };
  // How a column's equality is decided where both sides have one layout.
  enum class Comparison : std::uint8_t { fixed, bytes, general };

  bool same_key(const Batch& a, std::size_t row_a, const Batch& b, std::size_t row_b) const;
  void keep_new(const Batch& keys, std::uint32_t first_new);
  void grow();

  std::vector<Type> types_;
  Equality equality_;
  std::vector<Comparison> comparisons_;
  std::vector<int> columns_;
  std::vector<Batch> segments_;
  std::vector<Ref> refs_;
  std::vector<std::uint64_t> group_hashes_;
  std::vector<std::uint32_t> slots_;  // group + 1; 0: free; a power of two many
  std::vector<std::uint64_t> hashes_;
};

// Values that are equal in SQL's sense can differ in identity.
bool has_variants(const Type& type);

}  // namespace tailrace::engine
