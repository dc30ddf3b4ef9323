#include "storage/collection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace tailrace::storage {

namespace {

const std::vector<Type>& error_types() {
  static const std::vector<Type> types = error_schema().types();
  return types;
}

}  // namespace

Collection::Collection(CollectionId id, CollectionDescription description, Origin origin,
                       const Progress& progress)
    : id_(id),
      description_(std::move(description)),
      types_(description_.schema.types()),
      created_(origin.created),
      progress_(progress),
      upper_(origin.upper),
      manifest_(origin.manifest ? std::move(origin.manifest) : std::make_shared<const Manifest>()),
      since_(origin.since),
      last_write_(origin.last_write),
      compacted_to_(origin.since),
      folded_through_(origin.folded_through) {}

const std::vector<Type>& Collection::types(bool errors) const {
  return errors ? error_types() : types_;
}

CollectionDescription Collection::description() const {
  std::lock_guard lock(mutex_);
  return description_;
}

void Collection::set_retention_ms(std::uint64_t retention_ms) {
  std::lock_guard lock(mutex_);
  since_locked();  // what the old one let go is gone
  description_.retention_ms = retention_ms;
}

void Collection::drop() {
  dropped_ = true;
  std::lock_guard lock(mutex_);
  for (const auto& entry : manifest_->entries) entry.part->set_unnamed(true);
  for (const auto& follower : followers_) follower.queue->drop(id_);
}

void Collection::check_exists() const {
  if (dropped()) throw no_such_collection(id_);
}

Collection::Contents Collection::contents() {
  std::lock_guard lock(mutex_);
  return contents_locked();
}

Collection::Contents Collection::contents_at(Timestamp time) {
  check_exists();
  std::lock_guard lock(mutex_);
  Contents contents = contents_locked();
  if (time < contents.since || time >= contents.upper) {
    throw SqlError(
        sqlstate::invalid_parameter_value,
        fmt::format("collection {} cannot be read at time {}: it is readable from {} and "
                    "complete below {}",
                    id_.value, time, contents.since, contents.upper));
  }
  return contents;
}

Collection::Contents Collection::contents_locked() {
  const Timestamp since = since_locked();
  return {.manifest = manifest_,
          .tail = tail_,
          .since = since,
          .compacted_to = compacted_to_,
          .upper = upper(),
          .folded_through = folded_through_,
          .last_sequence = last_sequence_,
          .last_write = last_write_};
}

Timestamp Collection::since() {
  std::lock_guard lock(mutex_);
  return since_locked();
}

Timestamp Collection::since_locked() {
  if (since_pinned_) return since_;
  const Timestamp upper = this->upper();
  // A collection that is complete for ever is still read at the clock's time.
  const Timestamp latest = upper == 0 ? 0 : std::min(upper - 1, progress_.latest_time());
  const Timestamp retention = description_.retention_ms;
  Timestamp wanted = latest > retention ? latest - retention : 0;
  if (!holds_.empty()) wanted = std::min(wanted, *holds_.begin());
  since_ = std::max(since_, wanted);
  return since_;
}

Timestamp Collection::upper() const {
  return kind() == CollectionKind::derived ? upper_.load() : progress_.latest_time() + 1;
}

Timestamp Collection::last_write() const {
  std::lock_guard lock(mutex_);
  return last_write_;
}

void Collection::set_since_pinned(bool pinned) {
  std::lock_guard lock(mutex_);
  since_pinned_ = pinned;
}

void Collection::add_locked(std::vector<TailRunPtr> runs, ManifestPtr manifest,
                            std::span<const ManifestEntry> entered) {
  std::size_t bytes = 0;
  for (auto& run : runs) {
    bytes += run->bytes;
    for (const auto& follower : followers_) follower.queue->push({follower.place, run});
    if (!first_unfolded_) first_unfolded_ = run->first_sequence;
    last_sequence_ = std::max(last_sequence_, run->last_sequence);
    tail_.push_back(std::move(run));
  }
  tail_bytes_ += bytes;
  if (manifest) manifest_ = std::move(manifest);
  for (const ManifestEntry& entry : entered) {
    for (const auto& follower : followers_) follower.queue->push({follower.place, entry});
  }
}

void Collection::publish(std::vector<TailRunPtr> runs, ManifestPtr manifest,
                         std::span<const ManifestEntry> entered, Timestamp time) {
  std::lock_guard lock(mutex_);
  add_locked(std::move(runs), std::move(manifest), entered);
  last_write_ = std::max(last_write_, time);
}

void Collection::append(std::vector<TailRunPtr> runs, ManifestPtr manifest,
                        std::span<const ManifestEntry> entered, Timestamp upper) {
  std::lock_guard lock(mutex_);
  for (const auto& run : runs) last_write_ = std::max(last_write_, run->max_time);
  for (const auto& entry : entered) last_write_ = std::max(last_write_, entry.max_time());
  add_locked(std::move(runs), std::move(manifest), entered);
  upper_ = upper;
}

void Collection::replace(Replacement replacement) {
  std::lock_guard lock(mutex_);
  std::unordered_set<const TailRun*> gone;
  for (std::size_t i = 0; i < replacement.prefix; ++i) gone.insert(tail_[i].get());
  std::vector<TailRunPtr> tail = std::move(replacement.runs);
  for (std::size_t i = replacement.prefix; i < tail_.size(); ++i) {
    if (!gone.contains(tail_[i]->undoes.get())) tail.push_back(std::move(tail_[i]));
  }
  tail_ = std::move(tail);
  std::size_t bytes = 0;
  for (const auto& run : tail_) bytes += run->bytes;
  tail_bytes_ = bytes;
  if (replacement.manifest) manifest_ = std::move(replacement.manifest);
  folded_through_ = std::max(folded_through_, replacement.folded_through);
  compacted_to_ = std::max(compacted_to_, replacement.compacted_to);
  if (replacement.folded_through == 0) return;
  if (folded_through_ >= last_sequence_) {
    first_unfolded_.reset();
  } else {
    first_unfolded_ = folded_through_ + 1;
  }
}

std::size_t Collection::tail_run_count() const {
  std::lock_guard lock(mutex_);
  return tail_.size();
}

std::optional<std::uint64_t> Collection::first_unfolded() const {
  if (kind() == CollectionKind::volatile_) return std::nullopt;
  std::lock_guard lock(mutex_);
  return first_unfolded_;
}

Collection::Holds::iterator Collection::hold_locked(Timestamp time) {
  return holds_.insert(std::max(time, since_locked()));
}

Collection::Holds::iterator Collection::advance_hold(Holds::iterator hold, Timestamp time) {
  std::lock_guard lock(mutex_);
  if (time <= *hold) return hold;
  const auto moved = holds_.insert(time);
  holds_.erase(hold);
  return moved;
}

void Collection::release_hold(Holds::iterator hold) {
  std::lock_guard lock(mutex_);
  holds_.erase(hold);
}

Collection::Contents Collection::follow(ListenerQueuePtr queue, std::size_t place) {
  check_exists();
  std::lock_guard lock(mutex_);
  queue->forget(place);
  if (std::ranges::none_of(
          followers_, [&](const Follower& f) { return f.queue == queue && f.place == place; })) {
    followers_.push_back({std::move(queue), place});
  }
  return contents_locked();
}

void Collection::unfollow(const ListenerQueue* queue) {
  std::lock_guard lock(mutex_);
  std::erase_if(followers_,
                [&](const Follower& follower) { return follower.queue.get() == queue; });
}

void Collection::add_followers(std::vector<ListenerQueuePtr>& queues) const {
  std::lock_guard lock(mutex_);
  for (const auto& follower : followers_) queues.push_back(follower.queue);
}

}  // namespace tailrace::storage
