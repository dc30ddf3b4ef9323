// A store and a cluster over it, a table of orders and one of customers, and plans over them.
#pragma once

#include <memory>

#include "engine/cluster/cluster.hpp"
#include "tests/engine/plans.hpp"
#include "tests/storage/fixture.hpp"

namespace tailrace::engine::test {

using storage::CollectionId;

class Setting {
 public:
  explicit Setting(std::size_t workers = 1, std::size_t memory_bytes = 0);

  storage::Store& store() { return fixture_.store(); }
  Cluster& cluster() { return *cluster_; }
  // Everything down and up again; nothing is installed.
  void restart();

  // orders: id int4, customer int4, amount int8; customers: id int4, region text.
  CollectionId orders, customers;
  PlanPtr get_orders() const;
  PlanPtr get_customers() const;
  PlanPtr revenue() const;  // region, count(*), sum(amount)

  CollectionId create_view(const PlanPtr& plan);
  // Rows as text, with diffs; gives the commit's time.
  Timestamp write(CollectionId table, const std::vector<std::vector<std::string>>& rows,
                  Diff diff = 1);
  Timestamp advance(std::uint64_t ms = 100);  // the clock, by a commit of nothing

  // The view's contents at the time, once it is complete; an error is "ERROR: ...".
  std::vector<std::string> view_at(CollectionId view, Timestamp time);
  // The plan's result by run_once at the time.
  std::vector<std::string> once(const PlanPtr& plan, Timestamp time);
  void wait_hydrated(DataflowId id);
  DataflowStatus wait_stopped(DataflowId id);
  CollectionId next_id() { return CollectionId{++last_id_}; }
  bool exists(CollectionId id) { return store().describe(id).has_value(); }
  void drop(CollectionId id);

 private:
  void start();

  storage::testing::Fixture fixture_;
  std::unique_ptr<MemoryBudget> budget_;
  std::size_t workers_;
  std::unique_ptr<Cluster> cluster_;
  std::uint64_t last_id_ = 100;
};

// Waits for what another thread brings about; fails the test after half a minute.
void eventually(const std::function<bool()>& condition);

}  // namespace tailrace::engine::test
