#include "storage/store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <future>

#include "storage/append.hpp"
#include "storage/byte_codec.hpp"
#include "storage/chunk.hpp"
#include "storage/committer.hpp"
#include "storage/compactor.hpp"
#include "storage/keys.hpp"
#include "storage/lookup.hpp"
#include "storage/part_writer.hpp"
#include "storage/store_listener.hpp"
#include "storage/store_state.hpp"

namespace tailrace::storage {

namespace {

std::uint64_t system_wall_clock() {
  using namespace std::chrono;
  return static_cast<std::uint64_t>(
      duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

class CollectionHold final : public ReadHold {
 public:
  CollectionHold(CollectionPtr collection, Collection::Holds::iterator hold)
      : collection_(std::move(collection)), hold_(hold) {}
  ~CollectionHold() override { collection_->release_hold(hold_); }

  CollectionId collection() const override { return collection_->id(); }
  Timestamp time() const override { return *hold_; }
  void advance(Timestamp time) override { hold_ = collection_->advance_hold(hold_, time); }

 private:
  CollectionPtr collection_;
  Collection::Holds::iterator hold_;
};

class RocksStore final : public Store {
 public:
  explicit RocksStore(StoreOptions options) {
    state_.options = std::move(options);
    if (!state_.options.wall_clock) state_.options.wall_clock = system_wall_clock;
    state_.database = Database::open({.directory = state_.options.directory,
                                      .block_cache_bytes = state_.options.block_cache_bytes,
                                      .warn = state_.options.warn});
    state_.graveyard = std::make_shared<Graveyard>();
    recover(state_);
    committer_ = std::make_unique<Committer>(state_);
    compactor_ = std::make_unique<Compactor>(state_, [this] { committer_->tails_shrank(); });
  }

  ~RocksStore() override {
    compactor_.reset();
    committer_.reset();
    store_clock();
  }

  CommitOutcome commit(CommitRequest request) override {
    std::promise<CommitOutcome> promise;
    auto outcome = promise.get_future();
    commit_async(std::move(request),
                 [&promise](CommitOutcome done) { promise.set_value(std::move(done)); });
    return outcome.get();
  }

  void commit_async(CommitRequest request, std::function<void(CommitOutcome)> done) override {
    committer_->enqueue(std::move(request), std::move(done));
  }

  AppendOutcome append(CollectionId id, Timestamp expected_upper, Timestamp new_upper,
                       Delta delta) override {
    return storage::append(state_, *state_.collections.get(id), expected_upper, new_upper,
                           std::move(delta));
  }

  void create_volatile(CollectionId id, CollectionDescription description) override {
    ensure(description.kind == CollectionKind::volatile_,
           "a volatile collection is described as one");
    const Timestamp now = latest_time();
    state_.collections.add(std::make_shared<Collection>(
        id, std::move(description),
        Collection::Origin{.created = now, .since = now, .last_write = now}, state_.progress));
  }

  void publish_volatile(CollectionId id, Delta delta) override {
    if (delta.empty()) return;
    committer_->publish_volatile(id, std::move(delta));
  }

  std::optional<CollectionDescription> describe(CollectionId id) const override {
    const CollectionPtr collection = state_.collections.find(id);
    if (!collection) return std::nullopt;
    return collection->description();
  }

  std::vector<CollectionId> collections() const override {
    std::vector<CollectionId> ids;
    for (const auto& collection : state_.collections.all()) ids.push_back(collection->id());
    std::ranges::sort(ids);
    return ids;
  }

  CollectionStatus status(CollectionId id) const override {
    const auto contents = state_.collections.get(id)->contents();
    CollectionStatus status{.since = contents.since, .upper = contents.upper};
    std::vector<const Part*> seen;
    for (const auto& entry : contents.manifest->entries) {
      if (std::ranges::find(seen, entry.part.get()) != seen.end()) continue;
      seen.push_back(entry.part.get());
      status.part_bytes += entry.part->info().bytes;
      status.part_updates += entry.part->info().rows;
    }
    for (const auto& run : contents.tail) {
      status.tail_bytes += run->bytes;
      status.tail_updates += run->batch->rows;
    }
    return status;
  }

  std::uint64_t catalog_version() const override { return state_.catalog_version; }
  Timestamp latest_time() const override { return state_.progress.latest_time(); }
  Timestamp upper(CollectionId id) const override { return state_.collections.get(id)->upper(); }
  Timestamp since(CollectionId id) const override { return state_.collections.get(id)->since(); }

  void wait_complete(CollectionId id, Timestamp time, CancelToken& cancel) override {
    const CollectionPtr collection = state_.collections.get(id);
    state_.progress.wait(cancel, [&] {
      collection->check_exists();
      return collection->upper() > time;
    });
  }

  std::vector<ReadHoldPtr> hold(std::span<const CollectionId> ids, Timestamp time) override;

  void holds_taken_up() override {
    for (const auto& collection : state_.collections.all()) collection->set_since_pinned(false);
  }

  Snapshot snapshot(CollectionId id, Timestamp time) override {
    const auto contents = state_.collections.get(id)->contents_at(time);
    Snapshot snapshot{.time = time};
    const TimeRange range{0, time + 1};
    for (const auto& entry : contents.manifest->entries) {
      add_chunks(entry, range, snapshot.rows, snapshot.errors);
    }
    for (const auto& run : contents.tail) add_chunks(run, range, snapshot.rows, snapshot.errors);
    return snapshot;
  }

  std::unique_ptr<Listener> listen(std::vector<CollectionId> ids, Timestamp from) override {
    std::vector<CollectionPtr> collections;
    for (const CollectionId id : ids) collections.push_back(state_.collections.get(id));
    return make_listener(state_, std::move(collections), from);
  }

  Batch lookup(CollectionId id, const Batch& keys, Timestamp time) override {
    const CollectionPtr collection = state_.collections.get(id);
    return storage::lookup(*collection, collection->contents_at(time), keys, time);
  }

  std::unique_ptr<PartWriter> stage(CollectionId id) override {
    return make_part_writer(state_.parts, state_.collections.get(id));
  }

  std::optional<std::string> read_record(RecordSpace space, std::string_view key) const override {
    return state_.records.get(space, key);
  }
  std::vector<std::pair<std::string, std::string>> scan_records(
      RecordSpace space, std::string_view prefix) const override {
    return state_.records.scan(space, prefix);
  }

  void compact_now(CollectionId id) override {
    compactor_->compact_now(*state_.collections.get(id));
  }

  std::uint64_t disk_bytes() const override {
    std::uint64_t bytes = 0;
    std::error_code gone;  // files come and go while we look
    for (std::filesystem::recursive_directory_iterator at(state_.options.directory, gone), end;
         !gone && at != end; at.increment(gone)) {
      std::error_code vanished;
      const auto size = at->is_regular_file(vanished) ? at->file_size(vanished) : 0;
      if (!vanished) bytes += size;
    }
    return bytes;
  }

 private:
  // So that an orderly restart finds the clock where it was, and the uppers of views.
  void store_clock();

  StoreState state_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<Compactor> compactor_;
};

std::vector<ReadHoldPtr> RocksStore::hold(std::span<const CollectionId> ids, Timestamp time) {
  std::vector<CollectionPtr> collections;
  for (const CollectionId id : ids) collections.push_back(state_.collections.get(id));
  // Locked in one order by all, and each once.
  std::vector<CollectionPtr> ordered = collections;
  std::ranges::sort(ordered, {}, [](const CollectionPtr& collection) { return collection->id(); });
  const auto repeated = std::ranges::unique(ordered);
  ordered.erase(repeated.begin(), repeated.end());
  std::vector<std::unique_lock<std::mutex>> locks;
  for (const auto& collection : ordered) locks.push_back(collection->lock());

  std::vector<Collection::Holds::iterator> held;
  for (const auto& collection : collections) held.push_back(collection->hold_locked(time));
  locks.clear();
  std::vector<ReadHoldPtr> holds;
  for (std::size_t i = 0; i < collections.size(); ++i) {
    holds.push_back(std::make_unique<CollectionHold>(collections[i], held[i]));
  }
  return holds;
}

void RocksStore::store_clock() {
  rocksdb::WriteBatch batch;
  std::string time;
  put_u64(time, latest_time());
  auto status = batch.Put(state_.database->meta(),
                          rocksdb::Slice(clock_ceiling_key.data(), clock_ceiling_key.size()), time);
  for (const auto& collection : state_.collections.all()) {
    if (collection->kind() != CollectionKind::derived || !status.ok()) continue;
    std::string upper;
    put_u64(upper, collection->upper());
    status = batch.Put(state_.database->meta(), upper_key(collection->id()), upper);
  }
  if (status.ok()) status = state_.database->write(batch);
  if (status.ok()) status = state_.database->sync();
  if (!status.ok()) state_.warn(fmt::format("could not store the clock: {}", status.ToString()));
}

}  // namespace

std::unique_ptr<Store> Store::open(StoreOptions options) {
  return std::make_unique<RocksStore>(std::move(options));
}

}  // namespace tailrace::storage
