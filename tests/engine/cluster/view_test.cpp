// Materialized views: kept up to date, exactly once, across restarts, errors and lag.
#include <random>

#include "tests/engine/cluster/setting.hpp"

namespace tailrace::engine::test {

namespace {

void fill(Setting& setting) {
  setting.write(setting.customers, {{"1", "north"}, {"2", "south"}, {"3", "north"}});
  setting.write(setting.orders, {{"10", "1", "5"}, {"11", "2", "7"}, {"12", "9", "1"}});
}

PlanPtr inverse(const Setting& setting) {
  return map(setting.get_orders(),
             {by_hand::apply("/", {by_hand::int4(60), column(1, TypeId::int4)}, TypeId::int4)});
}

}  // namespace

TEST_CASE("a materialized view follows its inputs at every time") {
  for (const std::size_t workers : {1, 3}) {
    Setting setting(workers);
    fill(setting);
    const PlanPtr plan = setting.revenue();
    const CollectionId view = setting.create_view(plan);
    const Timestamp first = setting.store().upper(view);
    std::mt19937 random(5);
    std::vector<std::vector<std::string>> live;
    Timestamp time = 0;
    for (int i = 0; i < 120; ++i) {
      if (!live.empty() && random() % 3 == 0) {
        const std::size_t victim = random() % live.size();
        time = setting.write(setting.orders, {live[victim]}, -1);
        live.erase(live.begin() + static_cast<std::ptrdiff_t>(victim));
      } else {
        live.push_back({std::to_string(100 + i), std::to_string(random() % 5),
                        std::to_string(random() % 100)});
        time = setting.write(setting.orders, {live.back()});
      }
    }
    for (Timestamp t = first; t <= time; t += 7)
      CHECK(setting.view_at(view, t) == setting.once(plan, t));
    CHECK(setting.view_at(view, time) == setting.once(plan, time));
    CHECK(setting.cluster().status(view)->arranged_rows > 0);
  }
}

TEST_CASE("the upper of a view advances while nothing changes") {
  Setting setting;
  const CollectionId view = setting.create_view(setting.revenue());
  const Timestamp time = setting.advance();
  CHECK(setting.view_at(view, time).empty());
}

TEST_CASE("after a restart a view goes on where it was, and nothing is written twice") {
  Setting setting;
  fill(setting);
  const PlanPtr plan = setting.revenue();
  const CollectionId view = setting.create_view(plan);
  Timestamp time = setting.write(setting.orders, {{"13", "3", "4"}});
  const auto before = setting.view_at(view, time);
  const Timestamp seen = time;
  for (int round = 0; round < 3; ++round) {
    setting.restart();
    // Changes come before the view is back.
    time = setting.write(setting.orders, {{std::to_string(20 + round), "2", "3"}});
    setting.cluster().install(MaterializedViewDescription{.id = view, .plan = plan});
    setting.store().holds_taken_up();
    CHECK(setting.view_at(view, time) == setting.once(plan, time));
    CHECK(setting.view_at(view, seen) == before);
    time = setting.write(setting.customers, {{"2", "south"}}, -1);
    CHECK(setting.view_at(view, time) == setting.once(plan, time));
    setting.write(setting.customers, {{"2", "south"}});
  }
}

TEST_CASE("a view catches up with rows that have changed again and again") {
  // All at once, their versions would be 1201^4 combinations.
  Setting setting;
  setting.write(setting.customers, {{"1", "v0"}});
  const ScalarPtr ids[] = {column(0, TypeId::int4), column(2, TypeId::int4),
                           column(4, TypeId::int4), column(6, TypeId::int4)};
  const PlanPtr plan = join({setting.get_customers(), setting.get_customers(),
                             setting.get_customers(), setting.get_customers()},
                            {{ids[0], ids[1], ids[2], ids[3]}});
  const CollectionId view = setting.create_view(plan);
  setting.view_at(view, setting.advance());
  setting.restart();
  // Nothing is compacted away before the view is back.
  const CollectionId inputs[] = {setting.customers};
  const auto held = setting.store().hold(inputs, setting.store().upper(view) - 1);
  Timestamp time = 0;
  for (int i = 0; i < 600; ++i) {
    setting.write(setting.customers, {{"1", "v" + std::to_string(i)}}, -1);
    time = setting.write(setting.customers, {{"1", "v" + std::to_string(i + 1)}});
  }
  setting.cluster().install(MaterializedViewDescription{.id = view, .plan = plan});
  setting.store().holds_taken_up();
  CHECK(setting.view_at(view, time) == std::vector<std::string>{"1|v600|1|v600|1|v600|1|v600"});
}

TEST_CASE("a view whose stored contents differ from its definition is corrected") {
  Setting setting;
  fill(setting);
  const CollectionId view = setting.create_view(setting.revenue());
  const Timestamp time = setting.advance();
  setting.view_at(view, time);
  setting.restart();
  // Another definition stands for whatever made the difference.
  plan::Reduce other = std::get<plan::Reduce>(setting.revenue()->node);
  other.input =
      join({setting.get_orders(), setting.get_customers()},
           {{column(0, TypeId::int4),
             by_hand::apply("+", {column(3, TypeId::int4), by_hand::int4(9)}, TypeId::int4)}});
  const PlanPtr plan = reduce(other);
  setting.cluster().install(MaterializedViewDescription{.id = view, .plan = plan});
  setting.store().holds_taken_up();
  const Timestamp later = setting.advance();
  CHECK(setting.view_at(view, later) == setting.once(plan, later));
  CHECK(setting.once(plan, later) != setting.once(setting.revenue(), later));
}

TEST_CASE("errors in a view come and go with their cause") {
  Setting setting;
  const PlanPtr plan = inverse(setting);
  const CollectionId view = setting.create_view(plan);
  Timestamp time = setting.write(setting.orders, {{"1", "3", "0"}});
  CHECK(setting.view_at(view, time) == std::vector<std::string>{"1|3|0|20"});
  time = setting.write(setting.orders, {{"2", "0", "0"}});
  CHECK(setting.view_at(view, time) == std::vector<std::string>{"ERROR: division by zero"});
  time = setting.write(setting.orders, {{"2", "0", "0"}}, -1);
  CHECK(setting.view_at(view, time) == std::vector<std::string>{"1|3|0|20"});
}

TEST_CASE("a view over a view, and over constants") {
  Setting setting;
  fill(setting);
  const PlanPtr plan = setting.revenue();
  const CollectionId below = setting.create_view(plan);
  const PlanPtr above_plan = filter(
      get_collection(below, "below", plan->types, plan->nullable),
      {by_hand::apply("=", {column(0, TypeId::text), by_hand::text("north")}, TypeId::boolean)});
  const CollectionId above = setting.create_view(above_plan);
  const Timestamp time = setting.write(setting.orders, {{"13", "3", "4"}});
  const auto rows = setting.view_at(above, time);  // first: once it is there, so is what it reads
  CHECK(rows == setting.once(above_plan, time));
  CHECK(rows.size() == 1);
  const CollectionId fixed =
      setting.create_view(constant(by_hand::rows({TypeId::int4}, {{"1"}, {"2"}}), {TypeId::int4}));
  CHECK(setting.view_at(fixed, time + 1000).size() == 2);
}

TEST_CASE("rows of a temporal filter come and go by time alone") {
  Setting setting;
  plan::MapFilterProject node;
  node.input = setting.get_orders();
  node.projection = {0};
  // amount is the time from which on the order counts; for 300 ms.
  const ScalarPtr from = by_hand::cast(column(2, TypeId::int8), TypeId::mz_timestamp);
  const ScalarPtr until = by_hand::cast(
      by_hand::apply("+", {column(2, TypeId::int8), by_hand::int8(300)}, TypeId::int8),
      TypeId::mz_timestamp);
  node.valid_from = {from};
  node.valid_until = {until};
  const PlanPtr plan = map_filter_project(node);
  const CollectionId view = setting.create_view(plan);
  Timestamp now = setting.advance();
  setting.write(setting.orders, {{"1", "1", std::to_string(now + 100)},
                                 {"2", "1", std::to_string(now + 5000)},
                                 {"3", "1", std::to_string(now - 100)},
                                 {"4", "1", std::to_string(now - 1000)}});
  const Timestamp start = now + 2;
  for (int i = 0; i < 12; ++i) now = setting.advance(70);
  for (Timestamp t = start; t <= now; t += 9)
    REQUIRE(setting.view_at(view, t) == setting.once(plan, t));
  CHECK(setting.view_at(view, now).empty());
  CHECK(setting.view_at(view, start + 150) == std::vector<std::string>{"1", "3"});
  // And after a restart, from the middle of it all.
  setting.restart();
  setting.cluster().install(MaterializedViewDescription{.id = view, .plan = plan});
  setting.store().holds_taken_up();
  now = setting.advance(4200);
  CHECK(setting.view_at(view, now) == setting.once(plan, now));
  CHECK(setting.view_at(view, now) == std::vector<std::string>{"2"});
}

TEST_CASE("a view whose input is dropped stops and says so, and stays readable") {
  Setting setting;
  fill(setting);
  const CollectionId view = setting.create_view(setting.revenue());
  const Timestamp time = setting.advance();
  const auto rows = setting.view_at(view, time);
  setting.drop(setting.customers);
  const DataflowStatus status = setting.wait_stopped(view);
  CHECK(status.stopped->state == sqlstate::undefined_table);
  CHECK(setting.store().upper(view) > time);
  CHECK(setting.cluster().status(view)->arranged_bytes <= status.arranged_bytes);
}

TEST_CASE("a cluster without workers stands still, and goes on when it gets some") {
  Setting setting(0);
  fill(setting);
  const PlanPtr plan = setting.revenue();
  const CollectionId view = setting.create_view(plan);
  const Timestamp time = setting.advance();
  CHECK(!setting.cluster().status(view)->hydrated);
  setting.cluster().set_workers(2);
  CHECK(setting.view_at(view, time) == setting.once(plan, time));
}

}  // namespace tailrace::engine::test
