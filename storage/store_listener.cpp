#include "storage/store_listener.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "storage/chunk.hpp"

namespace tailrace::storage {

namespace {

// Recent changes that wait in memory for one listener; above, they are read again from where they
// are stored.
constexpr std::size_t queue_bytes_max = 64 << 20;

class StoreListener final : public Listener {
 public:
  StoreListener(StoreState& state, std::vector<CollectionPtr> collections, Timestamp from)
      : state_(state),
        collections_(std::move(collections)),
        queue_(std::make_shared<ListenerQueue>(queue_bytes_max,
                                               state.options.listener_backlog_bytes_max)),
        position_(from) {
    std::vector<Collection::Holds::iterator> holds;
    for (std::size_t i = 0; i < collections_.size(); ++i) {
      auto lock = collections_[i]->lock();
      const auto hold = collections_[i]->hold_locked(hold_time());
      held_.push_back(hold);
      const Timestamp since = *hold;
      lock.unlock();
      // At its creation's time a collection has nothing that could be taken for a later change.
      if (since < from || (since == from && from <= collections_[i]->created())) continue;
      release();
      throw SqlError(
          sqlstate::invalid_parameter_value,
          fmt::format("collection {} cannot be followed from time {}: its changes are kept "
                      "after {}",
                      collections_[i]->id().value, from, since));
    }
    try {
      read_stored();
      state_.progress.watch(queue_.get(), [queue = queue_] { queue->progress(); });
    } catch (...) {
      release();
      throw;
    }
  }

  ~StoreListener() override { release(); }

  Timestamp position() const override { return position_; }

  std::optional<Changes> poll(std::size_t bytes_hint) override {
    // The frontier first: whatever is below it has been pushed by then.
    const Timestamp frontier = complete_below();
    take();
    if (frontier <= position_) return std::nullopt;

    const TimeRange range{position_, boundary(frontier, bytes_hint)};
    Changes changes{.lower = range.from, .upper = range.until};
    std::vector<Changes::OfCollection> changed(collections_.size());
    for (const auto& item : items_) {
      auto& [id, rows, errors] = changed[item.collection];
      std::visit([&](const auto& change) { add_chunks(change, range, rows, errors); }, item.change);
    }
    for (std::size_t i = 0; i < changed.size(); ++i) {
      if (changed[i].rows.chunks.empty() && changed[i].errors.chunks.empty()) continue;
      changed[i].collection = collections_[i]->id();
      changes.changed.push_back(std::move(changed[i]));
    }
    std::erase_if(items_, [&](const auto& item) { return item.max_time() < range.until; });
    position_ = range.until;
    for (std::size_t i = 0; i < held_.size(); ++i) {
      held_[i] = collections_[i]->advance_hold(held_[i], hold_time());
    }
    return changes;
  }

  void wait(CancelToken& cancel) override {
    queue_->wait(cancel, [this] { return complete_below() > position_; });
  }

  void on_progress(std::function<void()> wake) override { queue_->on_progress(std::move(wake)); }

 private:
  // One below the position: compaction may move what is older up to the hold, but not to a time
  // that is still to be told as a change.
  Timestamp hold_time() const { return position_ == 0 ? 0 : position_ - 1; }

  Timestamp complete_below() const {
    Timestamp frontier = timestamp_max;
    for (const auto& collection : collections_) frontier = std::min(frontier, collection->upper());
    return frontier;
  }

  void read_stored() {
    items_.clear();
    for (std::size_t place = 0; place < collections_.size(); ++place) {
      // What was pushed for this collection before this moment is part of what is read now.
      const auto contents = collections_[place]->follow(queue_, place);
      for (const auto& entry : contents.manifest->entries) {
        if (entry.max_time() >= position_) items_.push_back({place, entry});
      }
      for (const auto& run : contents.tail) {
        if (run->max_time >= position_) items_.push_back({place, run});
      }
    }
  }

  void take() {
    bool forgotten = false;
    auto taken = queue_->take(forgotten);
    if (forgotten) {
      read_stored();
    } else {
      items_.insert(items_.end(), std::make_move_iterator(taken.begin()),
                    std::make_move_iterator(taken.end()));
    }
  }

  // The time up to which the changes amount to about `bytes_hint`; an item's bytes are taken as
  // spread evenly over its times.
  Timestamp boundary(Timestamp frontier, std::size_t bytes_hint) const {
    std::size_t total = 0;
    std::vector<Timestamp> candidates;
    for (const auto& item : items_) {
      if (item.min_time() >= frontier) continue;
      total += item.bytes();
      candidates.push_back(std::max(item.min_time(), position_) + 1);
      candidates.push_back(std::min(item.max_time() + 1, frontier));
    }
    if (total <= bytes_hint) return frontier;
    std::ranges::sort(candidates);
    const auto repeated = std::ranges::unique(candidates);
    candidates.erase(repeated.begin(), repeated.end());
    auto bytes_below = [&](Timestamp until) {
      double bytes = 0;
      for (const auto& item : items_) {
        const Timestamp min = std::max(item.min_time(), position_);
        const Timestamp max = item.max_time();
        if (min >= until || max < position_) continue;
        const double share =
            max < until ? 1.0
                        : static_cast<double>(until - min) / (static_cast<double>(max - min) + 1);
        bytes += share * static_cast<double>(item.bytes());
      }
      return bytes;
    };
    const auto first_above = std::ranges::partition_point(candidates, [&](Timestamp until) {
      return bytes_below(until) <= static_cast<double>(bytes_hint);
    });
    // A single time is never cut.
    const Timestamp until =
        first_above == candidates.begin() ? candidates.front() : *std::prev(first_above);
    return std::min(until, frontier);
  }

  void release() {
    state_.progress.unwatch(queue_.get());
    for (std::size_t i = 0; i < collections_.size(); ++i) collections_[i]->unfollow(queue_.get());
    for (std::size_t i = 0; i < held_.size(); ++i) collections_[i]->release_hold(held_[i]);
    held_.clear();
  }

  StoreState& state_;
  std::vector<CollectionPtr> collections_;
  ListenerQueuePtr queue_;
  Timestamp position_;
  std::vector<Collection::Holds::iterator> held_;  // of each collection
  std::vector<ListenerQueue::Item> items_;         // at or after the position
};

}  // namespace

std::unique_ptr<Listener> make_listener(StoreState& state, std::vector<CollectionPtr> collections,
                                        Timestamp from) {
  return std::make_unique<StoreListener>(state, std::move(collections), from);
}

}  // namespace tailrace::storage
