// Listeners: every change once, in order, with the upper, also after falling behind.
#include <doctest/doctest.h>

#include <thread>

#include "tests/storage/fixture.hpp"

namespace tailrace::storage::testing {

namespace {

// What a follower has made of the changes, by collection.
struct Follower {
  std::map<CollectionId, Contents> contents;
  std::size_t updates = 0;

  void apply(const Changes& changes) {
    for (const auto& [id, rows, errors] : changes.changed) {
      const std::vector<int> columns{0, 1};
      for (const auto& chunk : rows.chunks) {
        for (const Row& row : rows_of(chunk->read(columns))) {
          CHECK(row.time >= changes.lower);
          CHECK(row.time < changes.upper);
          contents[id][{row.key, row.value}] += row.diff;
          ++updates;
        }
      }
      std::erase_if(contents[id], [](const auto& entry) { return entry.second == 0; });
    }
  }
};

}  // namespace

TEST_CASE("a listener gets every later change of its collections, and progress without changes") {
  Fixture fixture;
  const auto a = fixture.create();
  const auto b = fixture.create();
  const Timestamp start = fixture.commit(write(a, {{1, "before"}}));
  auto listener = fixture.store().listen({a, b}, start + 1);
  CHECK(!listener->poll());
  fixture.wall += 5;
  const Timestamp first = fixture.commit(write(a, {{2, "two"}}));
  auto changes = listener->poll();
  REQUIRE(changes);
  CHECK(changes->lower == start + 1);
  CHECK(changes->upper == first + 1);
  Follower follower;
  follower.apply(*changes);
  CHECK(follower.contents[a] == Contents{{{2, "two"}, 1}});
  CHECK(listener->position() == first + 1);

  fixture.wall += 5;
  fixture.commit({});
  changes = listener->poll();
  REQUIRE(changes);
  CHECK(changes->changed.empty());
}

TEST_CASE("a listener that begins in the past reads what is stored, split by time") {
  Fixture fixture;
  const auto a = fixture.create(CollectionKind::clocked, 1'000'000);
  const Timestamp start = fixture.commit(write(a, {{0, "start"}}));
  Follower expected;
  for (int i = 0; i < 50; ++i) {
    fixture.wall += 10;
    fixture.commit(write(a, {{i, std::string(1000, 'x')}}));
    expected.contents[a][{i, std::string(1000, 'x')}] = 1;
    if (i == 20) fixture.store().compact_now(a);
  }
  auto listener = fixture.store().listen({a}, start + 1);
  Follower follower;
  int pieces = 0;
  while (auto changes = listener->poll(10'000)) {
    follower.apply(*changes);
    ++pieces;
  }
  CHECK(pieces > 3);
  CHECK(follower.updates == 50);
  CHECK(follower.contents == expected.contents);
}

TEST_CASE("a listener holds what it has not told, through compaction") {
  Fixture fixture;
  const auto a = fixture.create(CollectionKind::clocked, 0);
  const Timestamp start = fixture.commit(write(a, {{1, "one"}}));
  auto listener = fixture.store().listen({a}, start + 1);
  for (int i = 0; i < 10; ++i) {
    fixture.wall += 10;
    fixture.commit(write(a, {{1, "one", -1}, {1, "two"}}));
    fixture.commit(write(a, {{1, "one"}, {1, "two", -1}}));
    fixture.store().compact_now(a);
  }
  Follower follower;
  follower.contents[a] = {{{1, "one"}, 1}};
  while (auto changes = listener->poll()) follower.apply(*changes);
  CHECK(follower.updates == 40);
  CHECK(follower.contents[a] == Contents{{{1, "one"}, 1}});
  CHECK(fixture.store().since(a) == fixture.store().latest_time());
}

TEST_CASE("a listener that missed more than fits in memory reads it again from the store") {
  Fixture fixture;
  const auto a = fixture.create(CollectionKind::clocked, 0);
  const Timestamp start = fixture.commit({});
  auto listener = fixture.store().listen({a}, start + 1);
  Contents expected;
  for (int i = 0; i < 20; ++i) {
    fixture.wall += 1;
    const std::string value(5 << 20, static_cast<char>('a' + i));
    fixture.commit(write(a, {{i, value}}));
    expected[{i, value}] = 1;
    if (i == 10) fixture.store().compact_now(a);
  }
  Follower follower;
  while (auto changes = listener->poll()) follower.apply(*changes);
  CHECK(follower.updates == 20);
  CHECK(follower.contents[a] == expected);
  fixture.wall += 1;
  fixture.commit(write(a, {{100, "after"}}));
  while (auto changes = listener->poll()) follower.apply(*changes);
  CHECK(follower.updates == 21);
}

TEST_CASE("a listener beyond its backlog ends with 53400") {
  Fixture fixture;
  fixture.close();
  fixture.listener_backlog_bytes_max = 1'000'000;
  fixture.open();
  const auto a = fixture.create();
  auto listener = fixture.store().listen({a}, fixture.store().latest_time() + 1);
  for (int i = 0; i < 12; ++i) fixture.commit(write(a, {{i, std::string(100'000, 'x')}}));
  try {
    listener->poll();
    FAIL("told more than the backlog");
  } catch (const SqlError& error) {
    CHECK(error.state() == sqlstate::configuration_limit_exceeded);
  }
}

TEST_CASE("a listener of a dropped collection ends with 42P01") {
  Fixture fixture;
  const auto a = fixture.create();
  auto listener = fixture.store().listen({a}, fixture.store().latest_time() + 1);
  CommitRequest drop;
  drop.drop.push_back(a);
  fixture.commit(std::move(drop));
  CHECK_THROWS_AS(listener->poll(), SqlError);
  CancelToken cancel;
  CHECK_THROWS_AS(listener->wait(cancel), SqlError);
}

TEST_CASE("waiting ends with progress or with the cancel") {
  Fixture fixture;
  const auto a = fixture.create();
  auto listener = fixture.store().listen({a}, fixture.store().latest_time() + 1);
  std::atomic<int> woken = 0;
  listener->on_progress([&] { ++woken; });
  CancelToken cancel;
  std::thread writer([&] { fixture.commit(write(a, {{1, "one"}})); });
  listener->wait(cancel);
  writer.join();
  CHECK(listener->poll());
  CHECK(woken > 0);
  std::thread canceller([&] { cancel.cancel(); });
  CHECK_THROWS_AS(listener->wait(cancel), SqlError);
  canceller.join();
}

TEST_CASE("changes that are already compacted cannot be followed") {
  Fixture fixture;
  const auto a = fixture.create(CollectionKind::clocked, 10);
  const Timestamp created = fixture.store().latest_time();
  CHECK_NOTHROW(fixture.store().listen({a}, created));
  fixture.wall += 1000;
  fixture.commit(write(a, {{1, "one"}}));
  CHECK_THROWS_AS(fixture.store().listen({a}, created), SqlError);
}

}  // namespace tailrace::storage::testing
