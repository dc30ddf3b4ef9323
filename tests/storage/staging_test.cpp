// Staged parts: invisible until named, gone if never named.
#include <doctest/doctest.h>

#include "tests/storage/fixture.hpp"

namespace tailrace::storage::testing {

namespace {

std::vector<Row> many_rows(int first, int count) {
  std::vector<Row> rows;
  for (int i = first; i < first + count; ++i) rows.push_back({i, "value " + std::to_string(i)});
  return rows;
}

CommitRequest naming(std::vector<StagedPart> parts) {
  CommitRequest request;
  request.parts = std::move(parts);
  return request;
}

}  // namespace

TEST_CASE("staged parts become visible at the time of the commit that names them") {
  Fixture fixture;
  const auto a = fixture.create();
  auto writer = fixture.store().stage(a);
  writer->write(batch_of(many_rows(1000, 1000)));
  writer->write(batch_of(many_rows(0, 1000)));
  CHECK(writer->rows() == 2000);
  auto staged = writer->finish();
  writer.reset();
  REQUIRE(!staged.empty());
  const Timestamp before = fixture.commit(write(a, {{-1, "other"}}));
  CHECK(contents_at(fixture.store(), a, before).size() == 1);
  auto listener = fixture.store().listen({a}, before + 1);
  const Timestamp time = fixture.commit(naming(std::move(staged)));
  CHECK(contents_at(fixture.store(), a, before).size() == 1);
  CHECK(contents_at(fixture.store(), a, time).size() == 2001);
  auto changes = listener->poll();
  REQUIRE(changes);
  REQUIRE(changes->changed.size() == 1);
  CHECK(contents_of(changes->changed[0].rows).size() == 2000);
  changes.reset();
  listener.reset();
  fixture.reopen();
  CHECK(contents_at(fixture.store(), a, before).size() == 1);
  CHECK(contents_at(fixture.store(), a, time).size() == 2001);
}

TEST_CASE("staged parts that are let go give their space back") {
  Fixture fixture;
  const auto a = fixture.create();
  fixture.store().compact_now(a);
  const auto before = fixture.store().disk_bytes();
  {
    auto writer = fixture.store().stage(a);
    writer->write(batch_of(many_rows(0, 200'000)));
    const auto staged = writer->finish();
    CHECK(fixture.store().disk_bytes() > before + 300'000);
  }
  fixture.store().compact_now(a);
  CHECK(fixture.store().disk_bytes() < before + 100'000);
  {
    auto unfinished = fixture.store().stage(a);
    unfinished->write(batch_of(many_rows(0, 200'000)));
  }
  CHECK(fixture.store().disk_bytes() < before + 100'000);
}

TEST_CASE("a commit that is refused leaves its staged parts unnamed") {
  Fixture fixture;
  const auto a = fixture.create();
  auto writer = fixture.store().stage(a);
  writer->write(batch_of(many_rows(0, 10)));
  CommitRequest request = naming(writer->finish());
  request.preconditions.catalog_version = 99;
  CHECK(fixture.store().commit(request).conflict);
  CHECK(contents_now(fixture.store(), a).empty());
  request.preconditions.catalog_version.reset();
  fixture.commit(request);
  CHECK(contents_now(fixture.store(), a).size() == 10);
}

TEST_CASE("a row larger than any chunk is a chunk of its own") {
  Fixture fixture;
  const auto a = fixture.create(CollectionKind::clocked, 0);
  const std::string huge(200 << 20, 'h');
  auto writer = fixture.store().stage(a);
  writer->write(batch_of({{1, "small"}, {2, huge}, {3, "small"}}));
  fixture.commit(naming(writer->finish()));
  writer.reset();
  auto check = [&] {
    const auto contents = contents_now(fixture.store(), a);
    CHECK(contents.size() == 3);
    CHECK(contents.at({2, huge}) == 1);
  };
  check();
  fixture.reopen();
  check();
  CHECK(fixture.store()
            .lookup(a, batch_of({{2, ""}}).project(std::vector<int>{0}),
                    fixture.store().latest_time())
            .rows == 1);
}

TEST_CASE("errors are staged beside rows") {
  Fixture fixture;
  const auto a = fixture.create();
  auto writer = fixture.store().stage(a);
  writer->write(batch_of(many_rows(0, 3)));
  writer->write_errors(*errors_of({"no"}).errors[0]);
  const Timestamp time = fixture.commit(naming(writer->finish()));
  writer.reset();
  fixture.reopen();
  CHECK(errors_at(fixture.store(), a, time).size() == 1);
  CHECK(contents_at(fixture.store(), a, time).size() == 3);
}

}  // namespace tailrace::storage::testing
