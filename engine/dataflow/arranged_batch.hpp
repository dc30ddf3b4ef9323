// A sorted, immutable run of updates, keyed: what arrangements are made of.
//
// Order: (key hash, row hash by identity, row by identity, time). Rows with equal keys (SQL
// equality) thus stand together, and equal rows are neighbours, so that merging is one pass and
// cancels diffs. Updates are consolidated: no two with the same row and time, no zero diff.
//
// A run is plain columns and a list of hashes, free of pointers into process memory: it can be
// written out and opened again. Holders reach it through a `BatchHandle` only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "repr/batch.hpp"
#include "repr/order.hpp"

namespace tailrace::engine {

struct ArrangedBatch {
  Batch rows;
  std::vector<std::uint64_t> hashes;  // of the key, by SQL equality; ascending
  bool keys_collide = false;          // somewhere two different keys share a hash

  std::size_t size() const { return rows.rows; }
  std::size_t memory_bytes() const;
  // The first row at or after `from` whose hash is not less.
  std::size_t lower_bound(std::uint64_t hash, std::size_t from = 0) const;
  // The first row after `first` with another hash than `first` has.
  std::size_t end_of_run(std::size_t first) const;
};
using BatchHandle = std::shared_ptr<const ArrangedBatch>;

std::vector<int> all_columns(std::size_t width);

// Sorts and consolidates. Null if nothing is left.
BatchHandle arrange(const Batch& rows, std::span<const int> key, Timestamp advance_to = 0);

// The part with first <= hash < last (last 0: no bound). Null if empty.
BatchHandle slice_by_hash(const BatchHandle& batch, std::uint64_t first, std::uint64_t last);

// Merges two runs in pieces, so that no single step of a dataflow pays for all of it.
class BatchMerge {
 public:
  // Times below `advance_to` become `advance_to`.
  BatchMerge(BatchHandle a, BatchHandle b, std::span<const int> key, Timestamp advance_to);
  BatchMerge(BatchMerge&&) = default;
  BatchMerge& operator=(BatchMerge&&) = default;

  // Merges about `fuel` rows; true when all is merged.
  bool work(std::size_t fuel);
  BatchHandle finish();  // after work() said true; null if everything cancelled

 private:
  void merge_piece(std::size_t end_a, std::size_t end_b);

  BatchHandle a_, b_;
  std::vector<int> key_;
  Timestamp advance_to_;
  std::size_t at_a_ = 0, at_b_ = 0;
  std::vector<ColumnBuilder> columns_;
  std::vector<std::uint64_t> hashes_;
  std::vector<Timestamp> times_;
  std::vector<Diff> diffs_;
};

// Calls `found(row of probe, row of stored)` for each pair with equal keys (SQL equality). Costs
// O(probe * log stored) at most, and is a merge where both are large.
template <class Found>
void match(const ArrangedBatch& probe, std::span<const int> probe_key, const ArrangedBatch& stored,
           std::span<const int> stored_key, Found&& found) {
  // Without key columns every pair matches; equal_rows would compare whole rows.
  const bool unconditional = probe_key.empty();
  const auto same_key = [&](std::size_t p, std::size_t s) {
    return unconditional ||
           equal_rows(probe.rows, p, probe_key, stored.rows, s, stored_key, Equality::sql);
  };
  std::size_t at = 0;
  for (std::size_t i = 0; i < probe.size();) {
    const std::uint64_t hash = probe.hashes[i];
    const std::size_t i_end = probe.end_of_run(i);
    at = stored.lower_bound(hash, at);
    if (at == stored.size()) return;
    if (stored.hashes[at] == hash) {
      const std::size_t end = stored.end_of_run(at);
      const bool one_check = !probe.keys_collide && !stored.keys_collide;
      if (!one_check || same_key(i, at)) {
        for (std::size_t p = i; p < i_end; ++p) {
          for (std::size_t s = at; s < end; ++s) {
            if (one_check || same_key(p, s)) found(p, s);
          }
        }
      }
      at = end;
    }
    i = i_end;
  }
}

}  // namespace tailrace::engine
