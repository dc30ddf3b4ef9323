// Chunks over what a collection consists of: parts on disk and runs in memory, within a range of
// times.
#pragma once

#include "storage/manifest.hpp"
#include "storage/snapshot.hpp"
#include "storage/tail_run.hpp"

namespace tailrace::storage {

// [from, until)
struct TimeRange {
  Timestamp from = 0;
  Timestamp until = timestamp_max;

  bool overlaps(Timestamp min, Timestamp max) const { return max >= from && min < until; }
  bool covers(Timestamp min, Timestamp max) const { return min >= from && max < until; }
};

// Appends the chunks that have updates within the range to the rows or errors that they belong to.
// Of a part only its directory is read, and that only now.
void add_chunks(const ManifestEntry& entry, TimeRange range, Chunks& rows, Chunks& errors);
void add_chunks(const TailRunPtr& run, TimeRange range, Chunks& rows, Chunks& errors);

// The batch as the manifest entry has it: times no earlier than the entry's, diffs times its sign.
Batch as_entered(Batch batch, const ManifestEntry& entry);
// Only updates within the range.
Batch within(const Batch& batch, TimeRange range);

}  // namespace tailrace::storage
