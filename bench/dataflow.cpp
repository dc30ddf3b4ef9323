// Maintained execution by itself, without store or network:
//
//   * hydration of revenue by region (orders >< customers >< products, grouped) over a million
//   orders
//   * engine time from an update of one order to the view's change
//   * look-ups of one key in an index on the million orders, on one thread
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <random>

#include "engine/cluster/index_sink.hpp"
#include "engine/cluster/sink.hpp"
#include "engine/dataflow/graph.hpp"
#include "engine/functions/aggregate.hpp"

namespace {

using namespace tailrace;
using namespace tailrace::engine;
// Processor time of this thread, which does all the work: what else runs on the machine does not count.
struct Clock {
  using time_point = double;
  static time_point now() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }
};

constexpr std::size_t orders = 1'000'000, customers = 100'000, products = 10'000, regions = 50;
constexpr std::size_t updates = 20'000, lookups = 1'000'000;
constexpr storage::CollectionId order_id{1}, customer_id{2}, product_id{3};

double seconds_since(Clock::time_point begin) {
  return Clock::now() - begin;
}

PlanPtr get(storage::CollectionId id, std::vector<Type> types) {
  return get_collection(id, "", types, std::vector<bool>(types.size(), false));
}

// order: id, customer, product, quantity. customer: id, region. product: id, price.
PlanPtr order_plan() {
  return get(order_id, {TypeId::int4, TypeId::int4, TypeId::int4, TypeId::int8});
}

PlanPtr revenue_plan() {
  plan::Reduce node;
  node.input = join({order_plan(), get(customer_id, {TypeId::int4, TypeId::int4}),
                     get(product_id, {TypeId::int4, TypeId::int8})},
                    {{column(1, TypeId::int4), column(4, TypeId::int4)},
                     {column(2, TypeId::int4), column(6, TypeId::int4)}});
  node.group_key = {column(5, TypeId::int4)};
  for (const AggregateFunction* function : aggregates_named("sum")) {
    if (!(function->takes[0].type == Type(TypeId::int8))) continue;
    node.aggregates.push_back({.function = function,
                               .arguments = {column(7, TypeId::int8)},
                               .type = function->gives.type});
  }
  return reduce(std::move(node));
}

struct Order {
  std::int32_t id, customer, product;
  std::int64_t quantity;
};

void append(BatchBuilder& builder, const Order& order, Timestamp time, Diff diff) {
  builder.column(0).append(order.id);
  builder.column(1).append(order.customer);
  builder.column(2).append(order.product);
  builder.column(3).append(order.quantity);
  builder.end_row(time, diff);
}

Batch pairs(std::size_t count, Type second, std::size_t modulus) {
  BatchBuilder builder(std::vector<Type>{TypeId::int4, second});
  for (std::size_t i = 0; i < count; ++i) {
    builder.column(0).append(static_cast<std::int32_t>(i));
    if (second.id() == TypeId::int4) {
      builder.column(1).append(static_cast<std::int32_t>(i % modulus));
    } else {
      builder.column(1).append(static_cast<std::int64_t>(i % modulus));
    }
    builder.end_row(1, 1);
  }
  return builder.finish();
}

std::string percentiles(std::vector<double>& microseconds) {
  std::sort(microseconds.begin(), microseconds.end());
  const auto at = [&](double share) {
    return microseconds[static_cast<std::size_t>(share *
                                                 static_cast<double>(microseconds.size() - 1))];
  };
  return fmt::format("median {:.1f} us, 99% {:.1f} us, max {:.1f} us", at(0.5), at(0.99), at(1));
}

}  // namespace

int main() {
  std::mt19937 random(1);
  std::vector<Order> live;
  for (std::size_t i = 0; i < orders; ++i) {
    live.push_back({static_cast<std::int32_t>(i), static_cast<std::int32_t>(random() % customers),
                    static_cast<std::int32_t>(random() % products), 1});
  }
  std::vector<Batch> pieces;
  BatchBuilder builder(order_plan()->types);
  for (const Order& order : live) {
    append(builder, order, 1, 1);
    if (builder.size() == 65536) pieces.push_back(builder.finish());
  }
  pieces.push_back(builder.finish());

  // 1. Hydration.
  auto collector = std::make_unique<Collector>();
  Collector& output = *collector;
  Graph graph(
      revenue_plan(),
      [](storage::CollectionId, const std::vector<ScalarPtr>&) {
        return std::shared_ptr<SharedArrangement>();
      },
      std::move(collector));
  Clock::time_point begin = Clock::now();
  graph.begin({.lower = 0, .upper = 2, .bulk = true});
  for (const Graph::Source& source : graph.sources()) {
    if (source.collection == order_id) {
      for (const Batch& piece : pieces) source.entry->push(0, piece.project(source.columns));
    } else {
      const Batch rows = source.collection == customer_id ? pairs(customers, TypeId::int4, regions)
                                                          : pairs(products, TypeId::int8, 1000);
      source.entry->push(0, rows.project(source.columns));
    }
  }
  graph.flush();
  output.take(0, 2);
  const double hydration = seconds_since(begin);
  fmt::print("hydration: {} orders in {:.2f} s, {:.0f} orders/s, {} MiB arranged\n", orders,
             hydration, static_cast<double>(orders) / hydration, graph.memory_bytes() >> 20);

  // 2. Updates.
  std::vector<double> took;
  std::size_t changes = 0;
  for (Timestamp time = 2; time < 2 + updates; ++time) {
    Order& order = live[random() % orders];
    append(builder, order, time, -1);
    order.product = static_cast<std::int32_t>(random() % products);
    append(builder, order, time, 1);
    const Batch change = builder.finish();
    begin = Clock::now();
    graph.begin({.lower = time, .upper = time + 1});
    for (const Graph::Source& source : graph.sources()) {
      if (source.collection == order_id) source.entry->push(0, change.project(source.columns));
    }
    graph.flush();
    for (const Batch& batch : output.take(time, time + 1).rows) changes += batch.rows;
    took.push_back(seconds_since(begin) * 1e6);
  }
  fmt::print("update to output: {} ({} updates, {} output changes)\n", percentiles(took), updates,
             changes);

  // 3. Look-ups.
  auto arrangement = std::make_shared<SharedArrangement>(
      order_plan()->types, std::vector<ScalarPtr>{column(0, TypeId::int4)}, 1);
  begin = Clock::now();
  arrangement->hydrate({0, 2, pieces, {}}, nullptr);
  fmt::print("index: {:.0f} rows/s built\n", static_cast<double>(orders) / seconds_since(begin));
  const auto reader = make_index_reader(arrangement);
  BatchBuilder keys(std::vector<Type>{TypeId::int4});
  std::vector<Batch> wanted;
  for (std::size_t i = 0; i < 1024; ++i) {
    keys.column(0).append(static_cast<std::int32_t>(random() % orders));
    keys.end_row(0, 1);
    wanted.push_back(keys.finish());
  }
  std::size_t found = 0;
  begin = Clock::now();
  for (std::size_t i = 0; i < lookups; ++i)
    found += reader->lookup(wanted[i % wanted.size()], 1).rows;
  fmt::print("look-ups of one key: {:.0f} a second and thread ({} found)\n",
             static_cast<double>(lookups) / seconds_since(begin), found);
}
