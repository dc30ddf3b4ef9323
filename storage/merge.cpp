#include <algorithm>
#include <bit>
#include <cstdlib>
#include <map>

#include "repr/order.hpp"
#include "storage/chunk.hpp"
#include "storage/compaction.hpp"
#include "storage/fault_point.hpp"
#include "storage/manifest_change.hpp"

namespace tailrace::storage {

namespace {

constexpr std::uint64_t part_bytes_max = 256 << 20;  // of one output file
constexpr std::uint64_t tier_bytes_min = 64 << 10;   // below, all sizes are alike
constexpr std::size_t tier_parts_min = 6;
// Updates that may lie about beyond twice the live ones before a merge for space alone.
constexpr std::uint64_t dead_updates_slack = 8192;

// Reads the chunks of one entry in order.
class Cursor {
 public:
  Cursor(ManifestEntry entry, std::vector<int> columns)
      : entry_(std::move(entry)), columns_(std::move(columns)) {}

  bool has_more_chunks() const { return next_ < entry_.part->directory().chunks.size(); }
  bool exhausted() const { return begin_ == buffer_.rows && !has_more_chunks(); }
  const Batch& buffer() const { return buffer_; }
  std::size_t begin() const { return begin_; }
  std::size_t last() const { return buffer_.rows - 1; }
  bool buffered() const { return begin_ < buffer_.rows; }

  void load() {
    Batch chunk = as_entered(entry_.part->read_chunk(next_++, columns_, false), entry_);
    if (buffered()) {
      const std::array<Batch, 2> both{slice(buffer_, begin_, buffer_.rows - begin_),
                                      std::move(chunk)};
      buffer_ = concatenate(both);
    } else {
      buffer_ = std::move(chunk);
    }
    begin_ = 0;
  }
  Batch take(std::size_t end) {
    Batch taken = slice(buffer_, begin_, end - begin_);
    begin_ = end;
    return taken;
  }

 private:
  ManifestEntry entry_;
  std::vector<int> columns_;
  std::size_t next_ = 0;
  Batch buffer_;
  std::size_t begin_ = 0;
};

class Merge {
 public:
  Merge(StoreState& state, const Collection& collection, bool errors, Timestamp since,
        const std::vector<ManifestEntry>& inputs)
      : state_(state),
        collection_(collection),
        errors_(errors),
        since_(since),
        order_(full_order_of(errors ? std::vector<int>() : collection.key(),
                             collection.types(errors).size())) {
    std::vector<int> columns = order_;
    std::ranges::sort(columns);
    for (const auto& input : inputs) cursors_.emplace_back(input, columns);
  }

  // Nothing if stopped.
  std::optional<std::vector<PartPtr>> run(const std::atomic<bool>& stop) {
    for (;;) {
      if (stop) return std::nullopt;
      for (Cursor& cursor : cursors_) {
        if (!cursor.buffered() && cursor.has_more_chunks()) cursor.load();
      }
      std::erase_if(cursors_, [](const Cursor& cursor) { return cursor.exhausted(); });
      if (cursors_.empty()) break;
      write_below(limit());
    }
    if (file_) files_.push_back(std::move(file_));
    if (files_.empty()) return std::vector<PartPtr>();
    return state_.parts->ingest(std::move(files_));
  }

 private:
  int compare(const Cursor& a, std::size_t row_a, const Cursor& b, std::size_t row_b) const {
    return compare_rows(a.buffer(), row_a, order_, b.buffer(), row_b, order_, Equality::identity);
  }

  // The cursor whose last row bounds what is complete: rows below it will come from no chunk not
  // yet read.
  const Cursor* limit() const {
    const Cursor* least = nullptr;
    for (const Cursor& cursor : cursors_) {
      if (!cursor.has_more_chunks()) continue;
      if (least == nullptr || compare(cursor, cursor.last(), *least, least->last()) < 0)
        least = &cursor;
    }
    return least;
  }

  std::size_t end_below(const Cursor& cursor, const Cursor& limit) const {
    std::size_t low = cursor.begin();
    std::size_t high = cursor.buffer().rows;
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (compare(cursor, middle, limit, limit.last()) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  // Strictly below, so that equal rows meet even where chunks end between them.
  void write_below(const Cursor* limit) {
    std::vector<std::size_t> ends;
    bool any = false;
    for (const Cursor& cursor : cursors_) {
      ends.push_back(limit != nullptr ? end_below(cursor, *limit) : cursor.buffer().rows);
      any = any || ends.back() > cursor.begin();
    }
    if (!any) {  // a chunk full of one row: its end is in a later one
      const_cast<Cursor*>(limit)->load();
      return;
    }
    std::vector<Batch> taken;
    for (std::size_t i = 0; i < cursors_.size(); ++i) {
      if (ends[i] > cursors_[i].begin()) taken.push_back(cursors_[i].take(ends[i]));
    }
    const Batch merged = consolidate_in_order(
        taken.size() == 1 ? taken.front() : concatenate(taken), order_, since_);
    if (merged.rows == 0) return;
    if (!file_) file_ = state_.parts->create(collection_, errors_, since_);
    file_->write(merged);
    if (file_->bytes() >= part_bytes_max) {
      file_->finish();
      files_.push_back(std::move(file_));
    }
  }

  StoreState& state_;
  const Collection& collection_;
  const bool errors_;
  const Timestamp since_;
  const std::vector<int> order_;
  std::vector<Cursor> cursors_;
  std::unique_ptr<PartFile> file_;
  std::vector<std::unique_ptr<PartFile>> files_;
};

bool same(const ManifestEntry& a, const ManifestEntry& b) {
  return a.part == b.part && a.sign == b.sign && a.time == b.time;
}

void erase_one(Manifest& manifest, const ManifestEntry& gone) {
  const auto found = std::ranges::find_if(
      manifest.entries, [&](const ManifestEntry& entry) { return same(entry, gone); });
  ensure(found != manifest.entries.end(), "only a merge takes entries out of a manifest");
  manifest.entries.erase(found);
}

// Pairs of entries that undo each other at every time that can still be read.
std::vector<ManifestEntry> cancelling(const Collection::Contents& contents) {
  std::vector<ManifestEntry> gone;
  std::map<const Part*, std::vector<ManifestEntry>> settled;
  for (const auto& entry : contents.manifest->entries) {
    if (entry.max_time() <= contents.since) settled[entry.part.get()].push_back(entry);
  }
  for (auto& [part, entries] : settled) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      for (std::size_t j = i + 1; entries[i].sign != 0 && j < entries.size(); ++j) {
        if (entries[i].sign + entries[j].sign != 0) continue;
        gone.push_back(entries[i]);
        gone.push_back(entries[j]);
        entries[i].sign = entries[j].sign = 0;
      }
    }
  }
  return gone;
}

// Whether writing it again would give something else.
bool rewritable(const ManifestEntry& entry, Timestamp since) {
  const PartInfo& part = entry.part->info();
  return part.min_time < part.max_time && part.consolidated_to < part.max_time &&
         since > part.min_time && since > part.consolidated_to;
}

std::vector<ManifestEntry> entries_of(const Collection::Contents& contents, bool errors) {
  std::vector<ManifestEntry> entries;
  for (const auto& entry : contents.manifest->entries) {
    if (entry.part->info().errors == errors) entries.push_back(entry);
  }
  return entries;
}

bool all_worth_merging(const std::vector<ManifestEntry>& entries, Timestamp since) {
  return entries.size() > 1 || (entries.size() == 1 && rewritable(entries.front(), since));
}

// What has cancelled by now, if it is much.
std::vector<ManifestEntry> mostly_dead(std::vector<ManifestEntry> entries, Collection& collection,
                                       Timestamp since) {
  std::erase_if(entries, [&](const ManifestEntry& entry) { return entry.max_time() > since; });
  std::uint64_t updates = 0;
  Diff net = 0;
  for (const auto& entry : entries) {
    updates += entry.part->info().rows;
    net += entry.sign * entry.part->info().diff_sum;
  }
  if (updates <= 2 * static_cast<std::uint64_t>(std::llabs(net)) + dead_updates_slack) return {};
  if (updates == collection.merged_updates || !all_worth_merging(entries, since)) return {};
  return entries;
}

std::vector<ManifestEntry> similar_in_size(const std::vector<ManifestEntry>& entries) {
  std::map<int, std::vector<ManifestEntry>> tiers;
  for (const auto& entry : entries) {
    const std::uint64_t size = entry.part->info().bytes / tier_bytes_min;
    if (entry.part->info().bytes >= part_bytes_max / 2)
      continue;  // a merge would give the same again
    tiers[std::bit_width(size) / 2].push_back(entry);
  }
  for (auto& [tier, alike] : tiers) {
    if (alike.size() >= tier_parts_min) return alike;
  }
  return {};
}

std::vector<ManifestEntry> choose(const Collection::Contents& contents, Collection& collection,
                                  bool errors, MergeWhat what) {
  auto entries = entries_of(contents, errors);
  if (what == MergeWhat::all) {
    if (all_worth_merging(entries, contents.since)) return entries;
    return {};
  }
  auto dead = mostly_dead(entries, collection, contents.since);
  return dead.empty() ? similar_in_size(entries) : dead;
}

}  // namespace

bool merge_parts(StoreState& state, Collection& collection, MergeWhat what,
                 const std::atomic<bool>& stop) {
  std::lock_guard lock(collection.merge_mutex);
  bool changed = false;
  auto contents = collection.contents();
  if (const auto gone = cancelling(contents); !gone.empty()) {
    changed = change_manifest(state, collection,
                              {.replacement = {.compacted_to = contents.since},
                               .edit = [&](const Collection::Contents&, Manifest& manifest) {
                                 for (const auto& entry : gone) erase_one(manifest, entry);
                                 return true;
                               }});
    if (!changed) return false;
    contents = collection.contents();
  }
  for (const bool errors : {false, true}) {
    const auto inputs = choose(contents, collection, errors, what);
    if (inputs.empty()) continue;
    const auto outputs = Merge(state, collection, errors, contents.since, inputs).run(stop);
    if (!outputs) return changed;
    fault_point("merge_written");
    const bool done =
        change_manifest(state, collection,
                        {.replacement = {.compacted_to = contents.since},
                         .named = *outputs,
                         .edit = [&](const Collection::Contents&, Manifest& manifest) {
                           for (const auto& entry : inputs) erase_one(manifest, entry);
                           for (const auto& part : *outputs) manifest.entries.push_back({part});
                           return true;
                         }});
    if (!done) return changed;
    changed = true;
    if (errors) continue;
    collection.merged_updates = 0;
    for (const auto& part : *outputs) collection.merged_updates += part->info().rows;
  }
  return changed;
}

}  // namespace tailrace::storage
