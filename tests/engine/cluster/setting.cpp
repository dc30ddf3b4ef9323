#include "tests/engine/cluster/setting.hpp"

#include <chrono>
#include <thread>

#include "engine/dataflow/arranged_batch.hpp"
#include "repr/order.hpp"

namespace tailrace::engine::test {

namespace {

const std::vector<Type> order_types = {TypeId::int4, TypeId::int4, TypeId::int8};
const std::vector<Type> customer_types = {TypeId::int4, TypeId::text};

storage::CollectionDescription describe(const std::vector<Type>& types,
                                        storage::CollectionKind kind) {
  storage::CollectionDescription description{.kind = kind};
  for (const Type& type : types) {
    description.schema.columns.push_back(
        {"c" + std::to_string(description.schema.size()), type, true});
  }
  description.retention_ms = 1'000'000;
  return description;
}

}  // namespace

void eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 30000; ++i) {
    if (condition()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  FAIL("waited for half a minute");
}

Setting::Setting(std::size_t workers, std::size_t memory_bytes) : workers_(workers) {
  budget_ = std::make_unique<MemoryBudget>("process", memory_bytes);
  orders = next_id();
  customers = next_id();
  storage::CommitRequest request;
  request.create.emplace_back(orders, describe(order_types, storage::CollectionKind::clocked));
  request.create.emplace_back(customers,
                              describe(customer_types, storage::CollectionKind::clocked));
  fixture_.commit(std::move(request));
  start();
}

void Setting::start() {
  cluster_ = Cluster::create({.name = "test",
                              .workers = workers_,
                              .store = store(),
                              .memory = budget_.get(),
                              .log = nullptr});
}

void Setting::restart() {
  cluster_.reset();
  fixture_.reopen();
  start();
}

PlanPtr Setting::get_orders() const {
  return get_collection(orders, "orders", order_types, {true, true, true});
}
PlanPtr Setting::get_customers() const {
  return get_collection(customers, "customers", customer_types, {true, true});
}

PlanPtr Setting::revenue() const {
  const PlanPtr both =
      join({get_orders(), get_customers()}, {{column(1, TypeId::int4), column(3, TypeId::int4)}});
  plan::Reduce node;
  node.input = both;
  node.group_key = {column(4, TypeId::text)};
  node.aggregates.push_back({.function = &by_hand::aggregate("count", {}), .type = TypeId::int8});
  const AggregateFunction& sum = by_hand::aggregate("sum", {TypeId::int8});
  node.aggregates.push_back(
      {.function = &sum, .arguments = {column(2, TypeId::int8)}, .type = sum.gives.type});
  return reduce(std::move(node));
}

CollectionId Setting::create_view(const PlanPtr& plan) {
  const CollectionId id = next_id();
  storage::CommitRequest request;
  request.create.emplace_back(id, describe(plan->types, storage::CollectionKind::derived));
  const Timestamp time = fixture_.commit(std::move(request));
  cluster().install(MaterializedViewDescription{.id = id, .plan = plan, .as_of = time});
  return id;
}

Timestamp Setting::write(CollectionId table, const std::vector<std::vector<std::string>>& values,
                         Diff diff) {
  fixture_.wall += 1;
  const auto& types = table == orders ? order_types : customer_types;
  storage::CommitRequest request;
  Delta delta;
  delta.rows.push_back(std::make_shared<const Batch>(by_hand::rows(types, values).with_diff(diff)));
  request.deltas.push_back({table, std::move(delta)});
  return fixture_.commit(std::move(request));
}

Timestamp Setting::advance(std::uint64_t ms) {
  fixture_.wall += ms;
  return fixture_.commit({});
}

std::vector<std::string> Setting::view_at(CollectionId view, Timestamp time) {
  eventually([&] {
    const auto status = cluster().status(view);
    if (status && status->stopped) FAIL(status->stopped->message);
    return store().upper(view) > time;
  });
  const storage::Snapshot snapshot = store().snapshot(view, time);
  std::vector<Batch> errors;
  for (const auto& chunk : snapshot.errors.chunks) {
    errors.push_back(chunk->read(all_columns(error_schema().size())).with_time(0));
  }
  if (!errors.empty()) {
    const Batch all = consolidate(concatenate(errors));
    if (!all.empty()) return {"ERROR: " + error_at(all, 0).message};
  }
  std::vector<Batch> rows;
  const std::size_t width = store().describe(view)->schema.size();
  for (const auto& chunk : snapshot.rows.chunks)
    rows.push_back(chunk->read(all_columns(width)).with_time(0));
  if (rows.empty()) return {};
  return by_hand::lines(consolidate(concatenate(rows)));
}

std::vector<std::string> Setting::once(const PlanPtr& plan, Timestamp time) {
  class Inputs final : public OnceInputs {
   public:
    Inputs(storage::Store& store, Timestamp time) : store_(store), time_(time) {}
    storage::Snapshot snapshot(CollectionId id) override { return store_.snapshot(id, time_); }

   private:
    storage::Store& store_;
    Timestamp time_;
  };
  Inputs inputs(store(), time);
  std::vector<Batch> rows;
  try {
    run_once(plan, {.inputs = inputs, .time = time},
             [&](Batch batch) { rows.push_back(batch.with_time(0)); });
  } catch (const SqlError& error) {
    return {"ERROR: " + error.message()};
  }
  std::erase_if(rows, [](const Batch& batch) { return batch.empty(); });
  if (rows.empty()) return {};
  return by_hand::lines(consolidate(concatenate(rows)));
}

void Setting::wait_hydrated(DataflowId id) {
  eventually([&] {
    const auto status = cluster().status(id);
    REQUIRE(status);
    if (status->stopped) FAIL(status->stopped->message);
    return status->hydrated;
  });
}

DataflowStatus Setting::wait_stopped(DataflowId id) {
  eventually([&] { return cluster().status(id)->stopped.has_value(); });
  return *cluster().status(id);
}

void Setting::drop(CollectionId id) {
  storage::CommitRequest request;
  request.drop.push_back(id);
  fixture_.commit(std::move(request));
}

}  // namespace tailrace::engine::test
