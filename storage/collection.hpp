// One collection as it is now: its parts, its tail, its times, and who holds or follows it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <vector>

#include "storage/listener_queue.hpp"
#include "storage/manifest.hpp"
#include "storage/progress.hpp"
#include "storage/store.hpp"
#include "storage/tail_run.hpp"

namespace tailrace::storage {

// Thread-safe. Who changes it:
//   tail, upper       the committer (clocked, volatile) or the appender (derived) adds; the
//   compactor replaces manifest          committer and compactor, both under
//   StoreState::manifest_mutex
// Readers copy pointers under `mutex_`, for a moment.
class Collection {
 public:
  // How it comes back from disk, or starts.
  struct Origin {
    Timestamp created = 0;
    Timestamp since = 0;
    Timestamp upper = 0;  // of a derived one
    Timestamp last_write = 0;
    std::uint64_t folded_through = 0;
    ManifestPtr manifest;
  };
  Collection(CollectionId id, CollectionDescription description, Origin origin,
             const Progress& progress);

  CollectionId id() const { return id_; }
  CollectionKind kind() const { return description_.kind; }
  const Schema& schema() const { return description_.schema; }
  const std::vector<int>& key() const { return description_.key; }
  const std::vector<Type>& types(bool errors) const;
  CollectionDescription description() const;
  void set_retention_ms(std::uint64_t retention_ms);
  Timestamp created() const { return created_; }

  bool dropped() const { return dropped_.load(); }
  void drop();

  struct Contents {
    ManifestPtr manifest;
    std::vector<TailRunPtr> tail;  // in sequence order
    Timestamp since = 0;
    Timestamp compacted_to = 0;  // what parts have lost: a restart comes back to this since
    Timestamp upper = 0;
    std::uint64_t folded_through = 0;
    std::uint64_t last_sequence = 0;  // of a log record that concerns it
    Timestamp last_write = 0;
  };
  Contents contents();
  // The contents for a read at `time`. Throws 22023 unless since <= time < upper, 42P01 if dropped.
  Contents contents_at(Timestamp time);

  // Since moves with each question, as far as retention and holds let it.
  Timestamp since();
  Timestamp upper() const;
  Timestamp last_write() const;
  // Until cleared, since stays: after a start, views take up their holds again first.
  void set_since_pinned(bool pinned);

  // Publishes changes at `time`, in sequence order. `manifest` null: unchanged.
  void publish(std::vector<TailRunPtr> runs, ManifestPtr manifest,
               std::span<const ManifestEntry> entered, Timestamp time);
  // A derived collection's, at once with its new upper.
  void append(std::vector<TailRunPtr> runs, ManifestPtr manifest,
              std::span<const ManifestEntry> entered, Timestamp upper);
  // The compactor's: the same contents in another form. The first `prefix` runs of the tail become
  // `runs`; later runs that undo one of them go too. `manifest` null: unchanged.
  struct Replacement {
    std::size_t prefix = 0;
    std::vector<TailRunPtr> runs;
    ManifestPtr manifest;
    std::uint64_t folded_through = 0;
    Timestamp compacted_to = 0;
  };
  void replace(Replacement replacement);

  std::size_t tail_bytes() const { return tail_bytes_.load(); }
  std::size_t tail_run_count() const;
  // Of the oldest record that only the log has, even if the tail has nothing of it any more: parts
  // do not know yet what was joined away. None: all is folded.
  std::optional<std::uint64_t> first_unfolded() const;

  using Holds = std::multiset<Timestamp>;
  // Begins at the since where that is later. The store locks several at once: see `lock`.
  Holds::iterator hold_locked(Timestamp time);
  Holds::iterator advance_hold(Holds::iterator hold, Timestamp time);
  void release_hold(Holds::iterator hold);
  std::unique_lock<std::mutex> lock() const { return std::unique_lock(mutex_); }
  void check_exists() const;

  // From now on `queue` gets every change; what is there already is returned, read at the same
  // moment.
  Contents follow(ListenerQueuePtr queue, std::size_t place);
  void unfollow(const ListenerQueue* queue);
  // Appends the queues of all who follow.
  void add_followers(std::vector<ListenerQueuePtr>& queues) const;

  // One at a time of those who replace runs of the tail, and of those who merge parts.
  std::mutex fold_mutex;
  std::mutex merge_mutex;
  std::size_t joined_bytes = 0;      // of a volatile tail when it was last joined; under fold_mutex
  std::uint64_t merged_updates = 0;  // left by the last merge for space; under merge_mutex
  // One append at a time.
  std::mutex append_mutex;

 private:
  Timestamp since_locked();
  Contents contents_locked();
  void add_locked(std::vector<TailRunPtr> runs, ManifestPtr manifest,
                  std::span<const ManifestEntry> entered);

  const CollectionId id_;
  CollectionDescription description_;
  const std::vector<Type> types_;
  const Timestamp created_;
  const Progress& progress_;
  std::atomic<bool> dropped_{false};
  std::atomic<std::size_t> tail_bytes_{0};
  std::atomic<Timestamp> upper_;  // of a derived one; moves after what is below it is there

  mutable std::mutex mutex_;
  ManifestPtr manifest_;
  std::vector<TailRunPtr> tail_;
  Timestamp since_;
  Timestamp last_write_;
  Timestamp compacted_to_;
  std::uint64_t folded_through_;
  std::optional<std::uint64_t> first_unfolded_;
  std::uint64_t last_sequence_ = 0;
  bool since_pinned_ = false;
  Holds holds_;
  struct Follower {
    ListenerQueuePtr queue;
    std::size_t place;
  };
  std::vector<Follower> followers_;
};
using CollectionPtr = std::shared_ptr<Collection>;

}  // namespace tailrace::storage
