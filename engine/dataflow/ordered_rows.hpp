// Rows with their counts, grouped and in order within the group: what TopK, min/max, string_agg and
// windows remember.
//
//   leaf: at most 256 rows, columnar, sorted      (group hash, group by SQL equality, order, row by
//   identity) -> count
//
// A change costs O(log n) to find its leaf and a leaf's rewriting; the first rows of a group are
// read without looking at the others; counts are exact, so nothing cancelled is ever walked over.
// Times are ignored. One thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "repr/batch.hpp"
#include "repr/order.hpp"

namespace tailrace::engine {

class OrderedRows {
 public:
  // < 0, 0, > 0: the order of two rows of one group.
  using Compare =
      std::function<int(const Batch& a, std::size_t row_a, const Batch& b, std::size_t row_b)>;

  OrderedRows(std::vector<int> group, Compare order)
      : group_(std::move(group)), order_(std::move(order)) {}

  // Adds the diffs to the counts.
  void update(const Batch& rows);
  // Rows kept for the next `settle`, which sorts them in one go.
  void update_later(Batch rows);
  void settle();

  // Calls `visit(batch, row, count)` for the rows of one group, in order, until it returns false.
  // The group is that of `row` of `probe`, whose `columns` are the group's.
  template <class Visit>
  void scan(const Batch& probe, std::size_t row, std::span<const int> columns,
            Visit&& visit) const {
    std::vector<std::uint64_t> hash;
    const Batch one = slice(probe, row, 1);
    hash_rows(one, columns, Equality::sql, hash);
    for (std::size_t leaf = leaf_of_group(hash[0], one, columns); leaf < leaves_.size(); ++leaf) {
      const Leaf& at = *leaves_[leaf];
      for (std::size_t i = first_of_group(at, hash[0], one, columns); i < at.rows.rows; ++i) {
        if (at.hashes[i] != hash[0] || !in_group(at, i, one, columns)) return;
        if (!visit(at.rows, i, at.rows.diffs[i])) return;
      }
    }
  }
  template <class Visit>
  void for_each_leaf(Visit&& visit) const {
    for (const auto& leaf : leaves_) visit(leaf->rows);
  }

  std::size_t size() const { return rows_; }
  std::size_t memory_bytes() const { return bytes_; }

 private:
  struct Leaf {
    Batch rows;
    std::vector<std::uint64_t> hashes;
    std::size_t bytes = 0;
  };
  using LeafPtr = std::unique_ptr<Leaf>;

  int compare(const Batch& a, std::size_t row_a, std::uint64_t hash_a, const Batch& b,
              std::size_t row_b, std::uint64_t hash_b) const;
  int compare_group(const Leaf& leaf, std::size_t row, std::uint64_t hash, const Batch& probe,
                    std::span<const int> columns) const;
  bool in_group(const Leaf& leaf, std::size_t row, const Batch& probe,
                std::span<const int> columns) const {
    return group_.empty() || equal_rows(leaf.rows, row, group_, probe, 0, columns, Equality::sql);
  }
  std::size_t leaf_of_group(std::uint64_t hash, const Batch& probe,
                            std::span<const int> columns) const;
  std::size_t first_of_group(const Leaf& leaf, std::uint64_t hash, const Batch& probe,
                             std::span<const int> columns) const;
  // Leaves of a sorted, consolidated batch.
  void cut(const Batch& rows, const std::vector<std::uint64_t>& hashes, std::vector<LeafPtr>& out);
  void forget(const Leaf& leaf);
  void rebuild(const Batch& more);

  std::vector<int> group_;
  Compare order_;
  std::vector<LeafPtr> leaves_;
  std::vector<Batch> later_;
  std::size_t rows_ = 0;
  std::size_t bytes_ = 0;
};

// ORDER BY keys as a comparison; rows it calls equal are told apart by identity.
OrderedRows::Compare by_keys(std::vector<OrderKey> keys);

}  // namespace tailrace::engine
