// Rows kept sorted by a key, in partitions by key hash: one spine for each worker.
//
// A partition owns a contiguous range of hashes, so a sorted run is dealt out by slicing. With one
// partition nothing is dealt out at all. One writer; `runs` may be handed to readers.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/dataflow/spine.hpp"

namespace tailrace::engine {

class Workers;

class Arrangement {
 public:
  explicit Arrangement(std::vector<int> key, std::size_t partitions = 1);

  const std::vector<int>& key() const { return key_; }
  // `run` is sorted by this key. Big ones are appended by all workers.
  void append(const BatchHandle& run, Workers* workers);
  void append_bulk(const Batch& rows);
  // Sorts what came in bulk.
  void settle(Workers* workers);
  void advance_since(Timestamp since);

  bool empty() const;
  std::vector<BatchHandle> runs() const;
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Spine& spine : spines_) spine.for_each(visit);
  }
  std::size_t rows() const;
  std::size_t memory_bytes() const;

 private:
  // The first hash of partition i; 0 for i == partitions: no bound.
  std::uint64_t first_hash(std::size_t i) const;

  std::vector<int> key_;
  std::vector<Spine> spines_;
};

}  // namespace tailrace::engine
