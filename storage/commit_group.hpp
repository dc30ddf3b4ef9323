// One group of commits: checked one after the other, written and published together at one time.
//
//   add (each request) ──▶ write: one batch, one log record ──▶ publish: tails, manifests, records,
//   clock
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "storage/log_record.hpp"
#include "storage/store_state.hpp"

namespace tailrace::storage {

// Entries of the log for the deltas of a request, encoded by the caller of the store in its own
// thread.
std::string encode_deltas(const std::vector<CollectionDelta>& deltas);

// Used by the committer's thread, once.
class CommitGroup {
 public:
  CommitGroup(StoreState& state, Timestamp time);

  // `encoded` is encode_deltas(request.deltas). What comes back is why the request is not part of
  // the group.
  std::optional<CommitOutcome> add(CommitRequest& request, std::string_view encoded);
  bool empty() const { return !has_effects_; }

  // Not ok: nothing is stored, nothing will be published.
  std::optional<SqlError> write();
  // After write, and a sync if the group is to be durable first. Does not move the clock.
  void publish();

 private:
  // What the group does to one collection. The working copy is what later requests of the group
  // see.
  struct Effect {
    CollectionPtr collection;
    bool created = false;
    bool dropped = false;
    bool changes_manifest = false;
    Manifest manifest;                   // as it will be, if changed
    std::vector<ManifestEntry> entered;  // new in it
    // In order: a batch, or a truncation of all before it.
    struct Step {
      BatchPtr batch;
      bool errors = false;
    };
    std::vector<Step> steps;
    std::optional<std::uint64_t> retention_ms;
    bool touched = false;
  };

  std::optional<Conflict> check_preconditions(const Preconditions& preconditions) const;
  std::optional<SqlError> check_collections(const CommitRequest& request);
  Effect& effect_on(const CollectionPtr& collection);
  CollectionPtr find(CollectionId id) const;  // sees what the group creates and drops
  void touch_manifest(Effect& effect);
  void log(LogEntry::Kind kind, CollectionId collection);
  std::vector<TailRunPtr> runs_of(const Effect& effect) const;

  StoreState& state_;
  const Timestamp time_;
  std::unique_lock<std::mutex> manifest_lock_;
  std::map<CollectionId, Effect> effects_;
  std::map<std::pair<RecordSpace, std::string>, std::optional<std::string>> records_;
  std::uint64_t catalog_version_;
  std::string entries_;
  std::vector<PartPtr> named_;
  bool has_effects_ = false;
  Log::Ticket ticket_;
};

}  // namespace tailrace::storage
