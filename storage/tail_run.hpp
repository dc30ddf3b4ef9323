// A batch of recent updates, in memory as it is in the log: the tail of a collection is a list of
// these.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "repr/batch.hpp"

namespace tailrace::storage {

struct TailRun;
using TailRunPtr = std::shared_ptr<const TailRun>;

// Immutable.
struct TailRun {
  BatchPtr batch;
  bool errors = false;
  std::uint64_t first_sequence = 0;  // of the log records that it came from
  std::uint64_t last_sequence = 0;
  Timestamp min_time = 0;
  Timestamp max_time = 0;
  std::size_t bytes = 0;
  // Of a truncation: the run that this one undoes. Its own sequence is that of the truncation.
  TailRunPtr undoes;

  // (hash by identity, row) of the given columns, sorted; made at the first look-up. Always asked
  // with the same columns: those the collection is looked up by.
  const std::vector<std::pair<std::uint64_t, std::uint32_t>>& hashes(
      std::span<const int> columns) const;

 private:
  mutable std::once_flag hashed_;
  mutable std::vector<std::pair<std::uint64_t, std::uint32_t>> hashes_;
};

TailRunPtr make_tail_run(BatchPtr batch, bool errors, std::uint64_t sequence);
// All of a tail undone at `time`: what is not undone yet gets a run that does.
std::vector<TailRunPtr> truncation_of(std::span<const TailRunPtr> tail, std::uint64_t sequence,
                                      Timestamp time);
// What the runs add up to, in one run without times below `advance_to`; null if nothing. None of
// them undoes or is undone.
TailRunPtr join_runs(std::span<const TailRunPtr> runs, Timestamp advance_to);

}  // namespace tailrace::storage
