// Bulk writes: parts written ahead of the commit that makes them visible, with bounded memory.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "repr/batch.hpp"
#include "storage/collection_id.hpp"

namespace tailrace::storage {

using PartId = Id<struct PartTag, std::uint64_t>;

// A part on disk that nothing durable names yet. Name it in a CommitRequest, or let it go: dropping
// the last copy of `lease` without a commit deletes the part; a crash leaves it to the sweep at
// start-up.
struct StagedPart {
  CollectionId collection;
  PartId part;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  Diff sign = 1;
  std::shared_ptr<void> lease;
};

// Writes updates of one collection to staged parts. One thread at a time; several writers of one
// collection may work side by side. Batches carry diffs; their times are ignored (the commit's
// manifest gives the time).
class PartWriter {
 public:
  virtual ~PartWriter() = default;             // without finish: everything staged is dropped
  virtual void write(const Batch& batch) = 0;  // throws 53100, 58030
  virtual void write_errors(const Batch& errors) = 0;
  virtual std::uint64_t rows() const = 0;
  virtual std::uint64_t bytes() const = 0;  // on disk so far
  virtual std::vector<StagedPart> finish() = 0;
};

}  // namespace tailrace::storage
