#include "engine/cluster/cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <utility>

#include "engine/cluster/dataflow.hpp"
#include "engine/cluster/index_sink.hpp"
#include "engine/cluster/subscription.hpp"
#include "engine/cluster/view_sink.hpp"

namespace tailrace::engine {

namespace {

// What a cluster and its subscriptions, which may outlive each other, share.
struct Subscribers {
  std::mutex mutex;
  std::vector<std::shared_ptr<Dataflow>> dataflows;
  bool gone = false;
};

class QueuedSubscription final : public Subscription {
 public:
  QueuedSubscription(std::shared_ptr<SubscriptionQueue> queue,
                     std::shared_ptr<Subscribers> subscribers, std::weak_ptr<Dataflow> dataflow)
      : queue_(std::move(queue)),
        subscribers_(std::move(subscribers)),
        dataflow_(std::move(dataflow)) {}

  ~QueuedSubscription() override {
    queue_->close();
    // The dataflow ends under the cluster's lock, so that the cluster does not go away meanwhile.
    std::lock_guard lock(subscribers_->mutex);
    if (subscribers_->gone) return;
    if (const auto dataflow = dataflow_.lock()) {
      dataflow->end();
      std::erase(subscribers_->dataflows, dataflow);
    }
  }

  std::optional<SubscribeBatch> poll() override { return queue_->poll(); }
  void wait(CancelToken& cancel) override { queue_->wait(cancel); }
  void on_progress(std::function<void()> wake) override { queue_->on_progress(std::move(wake)); }

 private:
  std::shared_ptr<SubscriptionQueue> queue_;
  std::shared_ptr<Subscribers> subscribers_;
  std::weak_ptr<Dataflow> dataflow_;
};

class ClusterOfWorkers final : public Cluster {
 public:
  explicit ClusterOfWorkers(Options options)
      : options_(std::move(options)),
        budget_(fmt::format("cluster {}", options_.name), 0, options_.memory),
        surroundings_{
            .store = options_.store,
            .workers = std::make_shared<Workers>(options_.workers),
            .memory = &budget_,
            .find_index_on = [this](storage::CollectionId on) { return find_index(on, nullptr); },
            .find_shared = [this](
                               storage::CollectionId on,
                               const std::vector<ScalarPtr>& key) { return find_index(on, &key); },
            .log = options_.log} {}

  ~ClusterOfWorkers() override {
    surroundings_.workers->set_count(0);
    std::vector<std::shared_ptr<Dataflow>> all;
    {
      std::lock_guard lock(subscribers_->mutex);
      subscribers_->gone = true;
      all.swap(subscribers_->dataflows);
    }
    {
      std::lock_guard lock(mutex_);
      for (auto& [id, entry] : entries_) all.push_back(entry.dataflow);
      for (Entry& entry : retired_) all.push_back(entry.dataflow);
    }
    for (const auto& dataflow : all) dataflow->end();
  }

  void set_workers(std::size_t workers) override { surroundings_.workers->set_count(workers); }

  void install(MaterializedViewDescription view) override {
    Dataflow::Description description;
    description.name = fmt::format("materialized view u{}", view.id.value);
    description.plan = std::move(view.plan);
    description.as_of = ViewSink::first_time(options_.store, view.id, view.as_of);
    description.sink = std::make_unique<ViewSink>(options_.store, view.id, options_.log);
    add(view.id, {std::make_shared<Dataflow>(std::move(description), surroundings_), nullptr, {}});
  }

  void install(IndexDescription index) override {
    auto arrangement = std::make_shared<SharedArrangement>(
        index.plan->types, index.key, std::max<std::size_t>(surroundings_.workers->count(), 1));
    Dataflow::Description description;
    description.name = fmt::format("index u{}", index.id.value);
    description.plan = std::move(index.plan);
    description.sink = std::make_unique<IndexSink>(arrangement);
    // Dataflows that wait for this index go on once it is there.
    auto wake = std::make_shared<std::function<void()>>([this, told = false]() mutable {
      if (std::exchange(told, true)) return;
      ++indexes_version_;
      wake_waiting();
    });
    arrangement->on_progress(wake);
    add(index.id, {std::make_shared<Dataflow>(std::move(description), surroundings_),
                   std::move(arrangement), index.on, std::move(wake)});
  }

  void drop(DataflowId id) override {
    std::vector<Entry> ending;
    {
      std::lock_guard lock(mutex_);
      const auto found = entries_.find(id);
      if (found == entries_.end()) return;
      retired_.push_back(std::move(found->second));
      entries_.erase(found);
    }
    // An index that other dataflows read goes on, nameless, until the last of them is dropped.
    for (bool more = true; more;) {
      more = false;
      {
        std::lock_guard lock(mutex_);
        for (std::size_t i = 0; i < retired_.size(); ++i) {
          // One pointer is the entry's, one the sink's.
          if (retired_[i].arrangement && retired_[i].arrangement.use_count() > 2) continue;
          ending.push_back(std::move(retired_[i]));
          retired_.erase(retired_.begin() + static_cast<std::ptrdiff_t>(i));
          more = true;
          break;
        }
      }
      for (const Entry& entry : ending) entry.dataflow->end();
      ending.clear();
    }
  }

  std::optional<DataflowStatus> status(DataflowId id) const override {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end()) return std::nullopt;
    return found->second.dataflow->status();
  }

  std::vector<DataflowId> dataflows() const override {
    std::lock_guard lock(mutex_);
    std::vector<DataflowId> ids;
    for (const auto& [id, entry] : entries_) ids.push_back(id);
    return ids;
  }

  std::unique_ptr<Subscription> subscribe(PlanPtr plan, Timestamp as_of, bool snapshot,
                                          std::optional<Timestamp> up_to) override {
    auto queue = std::make_shared<SubscriptionQueue>();
    Dataflow::Description description;
    description.name = "subscription";
    description.plan = std::move(plan);
    description.as_of = as_of;
    description.exactly_as_of = true;
    description.sink = std::make_unique<SubscriptionSink>(queue, snapshot, up_to);
    auto dataflow = std::make_shared<Dataflow>(std::move(description), surroundings_);
    {
      std::lock_guard lock(subscribers_->mutex);
      subscribers_->dataflows.push_back(dataflow);
    }
    dataflow->schedule();
    return std::make_unique<QueuedSubscription>(std::move(queue), subscribers_, dataflow);
  }

  std::shared_ptr<IndexReader> index(DataflowId id) const override {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end() || !found->second.arrangement) return nullptr;
    if (found->second.arrangement->view()->upper == 0) return nullptr;
    return make_index_reader(found->second.arrangement);
  }

  std::uint64_t indexes_version() const override { return indexes_version_; }

 private:
  struct Entry {
    std::shared_ptr<Dataflow> dataflow;
    std::shared_ptr<SharedArrangement> arrangement;  // of an index
    storage::CollectionId on;
    std::shared_ptr<std::function<void()>> wake;
  };

  void add(DataflowId id, Entry entry) {
    const auto dataflow = entry.dataflow;
    {
      std::lock_guard lock(mutex_);
      ensure(entries_.emplace(id, std::move(entry)).second, "a dataflow is installed once");
    }
    dataflow->schedule();
  }

  // A hydrated index on the collection, by this key if one is given.
  std::shared_ptr<SharedArrangement> find_index(storage::CollectionId on,
                                                const std::vector<ScalarPtr>* key) const {
    std::lock_guard lock(mutex_);
    for (const auto& [id, entry] : entries_) {
      if (!entry.arrangement || entry.on != on || entry.arrangement->view()->upper == 0) continue;
      if (entry.arrangement->stopped()) continue;
      const auto& have = entry.arrangement->key();
      if (key && !std::equal(key->begin(), key->end(), have.begin(), have.end(),
                             [](const ScalarPtr& a, const ScalarPtr& b) { return equal(a, b); })) {
        continue;
      }
      return entry.arrangement;
    }
    return nullptr;
  }

  void wake_waiting() {
    std::vector<std::shared_ptr<Dataflow>> waiting;
    {
      std::lock_guard lock(mutex_);
      for (const auto& [id, entry] : entries_) {
        if (entry.dataflow->waits_for_inputs()) waiting.push_back(entry.dataflow);
      }
    }
    {
      std::lock_guard lock(subscribers_->mutex);
      for (const auto& dataflow : subscribers_->dataflows) {
        if (dataflow->waits_for_inputs()) waiting.push_back(dataflow);
      }
    }
    for (const auto& dataflow : waiting) dataflow->schedule();
  }

  Options options_;
  MemoryBudget budget_;
  std::atomic<std::uint64_t> indexes_version_{0};
  Dataflow::Surroundings surroundings_;
  mutable std::mutex mutex_;
  std::map<DataflowId, Entry> entries_;
  std::vector<Entry> retired_;
  std::shared_ptr<Subscribers> subscribers_ = std::make_shared<Subscribers>();
};

}  // namespace

std::unique_ptr<Cluster> Cluster::create(Options options) {
  return std::make_unique<ClusterOfWorkers>(std::move(options));
}

}  // namespace tailrace::engine
