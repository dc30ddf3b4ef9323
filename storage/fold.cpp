#include <algorithm>
#include <unordered_set>

#include "storage/compaction.hpp"
#include "storage/fault_point.hpp"
#include "storage/manifest_change.hpp"

namespace tailrace::storage {

namespace {

constexpr std::size_t join_runs_min = 8;           // fewer are not worth the copy
constexpr std::size_t joined_bytes_max = 1 << 20;  // larger runs stay as they are
constexpr std::size_t volatile_slack_bytes = 1 << 20;
constexpr std::size_t fold_bytes_max = 64 << 20;  // of one fold, which has it in memory twice

bool plain(const std::vector<TailRunPtr>& tail) {
  return std::ranges::none_of(tail, [](const TailRunPtr& run) { return run->undoes != nullptr; });
}

// One run of rows and one of errors for a stretch of runs.
void append_joined(std::span<const TailRunPtr> stretch, Timestamp since,
                   std::vector<TailRunPtr>& out) {
  for (const bool errors : {false, true}) {
    std::vector<TailRunPtr> runs;
    for (const auto& run : stretch) {
      if (run->errors == errors) runs.push_back(run);
    }
    if (runs.size() == 1) out.push_back(runs.front());
    if (runs.size() < 2) continue;
    if (auto joined = join_runs(runs, since)) out.push_back(std::move(joined));
  }
}

// The part that the runs make, or nothing.
PartPtr write_part(StoreState& state, const Collection& collection, bool errors,
                   const std::vector<TailRunPtr>& runs, Timestamp since) {
  std::vector<Batch> batches;
  for (const auto& run : runs) {
    if (run->errors == errors) batches.push_back(*run->batch);
  }
  if (batches.empty()) return nullptr;
  const auto order = full_order_of(errors ? std::vector<int>() : collection.key(),
                                   collection.types(errors).size());
  const Batch batch = consolidate_in_order(concatenate(batches), order, since);
  if (batch.rows == 0) return nullptr;
  std::vector<std::unique_ptr<PartFile>> files;
  files.push_back(state.parts->create(collection, errors, since));
  files.front()->write(batch);
  return state.parts->ingest(std::move(files)).front();
}

// How many runs one fold takes: all that came from the same log records go together.
std::size_t prefix_of(const std::vector<TailRunPtr>& tail) {
  std::size_t bytes = 0;
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < tail.size(); ++i) {
    if (bytes > fold_bytes_max && tail[i]->first_sequence > last) return i;
    bytes += tail[i]->bytes;
    last = std::max(last, tail[i]->last_sequence);
  }
  return tail.size();
}

bool fold_prefix(StoreState& state, Collection& collection) {
  const auto contents = collection.contents();
  const std::size_t prefix = prefix_of(contents.tail);
  if (contents.last_sequence <= contents.folded_through) return false;
  const std::vector<TailRunPtr> runs(contents.tail.begin(),
                                     contents.tail.begin() + static_cast<std::ptrdiff_t>(prefix));
  Collection::Replacement replacement{.prefix = prefix, .compacted_to = contents.since};
  std::unordered_set<const TailRun*> folded;
  for (const auto& run : runs) {
    replacement.folded_through = std::max(replacement.folded_through, run->last_sequence);
    folded.insert(run.get());
  }
  // Also what was joined away behind the last run: from the parts' since on, it never was.
  if (prefix == contents.tail.size()) replacement.folded_through = contents.last_sequence;
  std::vector<PartPtr> parts;
  for (const bool errors : {false, true}) {
    if (auto part = write_part(state, collection, errors, runs, contents.since))
      parts.push_back(part);
  }
  fault_point("fold_written");
  return change_manifest(
      state, collection,
      {.replacement = std::move(replacement),
       .named = parts,
       .edit = [&](const Collection::Contents& now, Manifest& manifest) {
         // A truncation that came meanwhile undid the runs one by one; now it undoes the parts.
         std::optional<Timestamp> truncated;
         for (const auto& run : now.tail) {
           if (folded.contains(run->undoes.get()) && !folded.contains(run.get())) {
             truncated = std::min(truncated.value_or(run->min_time), run->min_time);
           }
         }
         for (const auto& part : parts) {
           manifest.entries.push_back({part});
           if (truncated) manifest.entries.push_back({part, -1, *truncated});
         }
         return true;
       }});
}

}  // namespace

void join_tail(StoreState& state, Collection& collection, JoinWhat what) {
  std::lock_guard lock(collection.fold_mutex);
  const auto contents = collection.contents();
  const auto& tail = contents.tail;
  if (!plain(tail)) return;  // a truncation knows its runs one by one; the next fold ends that
  std::vector<TailRunPtr> joined;
  if (what == JoinWhat::all || collection.kind() == CollectionKind::volatile_) {
    if (what == JoinWhat::worthwhile &&
        collection.tail_bytes() < 2 * collection.joined_bytes + volatile_slack_bytes &&
        tail.size() < 4 * join_runs_min) {
      return;
    }
    append_joined(tail, contents.since, joined);
  } else {
    for (std::size_t i = 0; i < tail.size();) {
      std::size_t bytes = 0;
      std::size_t end = i;
      while (end < tail.size() && bytes + tail[end]->bytes <= joined_bytes_max) {
        bytes += tail[end++]->bytes;
      }
      if (end - i < join_runs_min) {
        end = std::max(end, i + 1);
        joined.insert(joined.end(), tail.begin() + static_cast<std::ptrdiff_t>(i),
                      tail.begin() + static_cast<std::ptrdiff_t>(end));
      } else {
        append_joined(std::span(tail).subspan(i, end - i), contents.since, joined);
      }
      i = end;
    }
  }
  std::lock_guard manifest_lock(state.manifest_mutex);
  if (!plain(collection.contents().tail)) return;
  collection.replace({.prefix = tail.size(), .runs = std::move(joined)});
  collection.joined_bytes = collection.tail_bytes();
}

bool fold_tail(StoreState& state, Collection& collection) {
  std::lock_guard lock(collection.fold_mutex);
  // What comes while we fold is the next fold's.
  const std::uint64_t last = collection.contents().last_sequence;
  bool folded = false;
  while (collection.contents().folded_through < last) {
    if (!fold_prefix(state, collection)) break;
    folded = true;
  }
  return folded;
}

}  // namespace tailrace::storage
