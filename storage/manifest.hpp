// Which parts a collection consists of, and how each of them counts.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "storage/part.hpp"

namespace tailrace::storage {

// The updates of `part` with their diffs times `sign`, at their times or `time`, whichever is
// later. So a staged part (times 0) happens at the commit's time; and a part entered again with
// sign -1 undoes, at that time, all of it.
struct ManifestEntry {
  PartPtr part;
  Diff sign = 1;
  Timestamp time = 0;

  Timestamp min_time() const { return std::max(time, part->info().min_time); }
  Timestamp max_time() const { return std::max(time, part->info().max_time); }
};

struct Manifest {
  std::vector<ManifestEntry> entries;

  // As after a truncation at `time`: each part that counts is entered again so that it does not.
  void truncate(Timestamp time) {
    const std::vector<ManifestEntry> before = entries;
    std::vector<const Part*> seen;
    for (const ManifestEntry& entry : before) {
      if (std::ranges::find(seen, entry.part.get()) != seen.end()) continue;
      seen.push_back(entry.part.get());
      Diff net = 0;
      for (const ManifestEntry& other : before) net += other.part == entry.part ? other.sign : 0;
      if (net != 0) entries.push_back({entry.part, -net, time});
    }
  }
};
using ManifestPtr = std::shared_ptr<const Manifest>;

}  // namespace tailrace::storage
