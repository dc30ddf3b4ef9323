// A dataflow that does not fit stops alone, by name; its memory is given back.
#include "tests/engine/cluster/setting.hpp"

namespace tailrace::engine::test {

TEST_CASE("at the memory limit a dataflow stops with an error that names it, and others go on") {
  Setting setting(1, 8 << 20);
  setting.write(setting.customers, {{"1", "north"}});
  const CollectionId small = setting.create_view(setting.get_customers());
  const CollectionId large = setting.create_view(setting.revenue());
  for (int round = 0; round < 20; ++round) {
    std::vector<std::vector<std::string>> rows;
    for (int i = 0; i < 20000; ++i) {
      rows.push_back({std::to_string(round), std::to_string(i), std::to_string(i)});
    }
    setting.write(setting.orders, rows);
  }
  const DataflowStatus status = setting.wait_stopped(large);
  CHECK(status.stopped->state == sqlstate::out_of_memory);
  CHECK(status.stopped->message.find("materialized view") != std::string::npos);
  const Timestamp time = setting.write(setting.customers, {{"2", "south"}});
  CHECK(setting.view_at(small, time).size() == 2);
  setting.cluster().drop(large);
  CHECK(!setting.cluster().status(large));
}

}  // namespace tailrace::engine::test
