// Opening: one process at a time, formats that we know, damage that is named.
#include <doctest/doctest.h>
#include <rocksdb/db.h>

#include <fstream>

#include "tests/storage/fixture.hpp"

namespace tailrace::storage::testing {

namespace {

template <class Action>
SqlError error_of_call(Action action) {
  try {
    action();
  } catch (const SqlError& error) {
    return error;
  }
  FAIL("no error");
  return SqlError(sqlstate::internal_error, "");
}

}  // namespace

TEST_CASE("a data directory in use is refused with its name") {
  Fixture fixture;
  const auto error = error_of_call([&] { Store::open(fixture.options()); });
  CHECK(error.state() == sqlstate::object_in_use);
  CHECK(error.message() == "data directory \"" + fixture.directory.path().string() +
                               "\" is in use by another process");
}

TEST_CASE("a format from the future is refused and left alone") {
  Fixture fixture;
  fixture.close();
  {
    std::vector<std::string> names;
    rocksdb::DB::ListColumnFamilies({}, fixture.directory.path().string(), &names);
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const auto& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    REQUIRE(rocksdb::DB::Open({}, fixture.directory.path().string(), families, &handles, &db).ok());
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == "meta")
        db->Put({}, handles[i], "sformat", std::string("\x02\0\0\0\0\0\0\0", 8));
    }
    for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
    delete db;
  }
  const auto error = error_of_call([&] { Store::open(fixture.options()); });
  CHECK(error.state() == sqlstate::feature_not_supported);
  CHECK(error.message().find("format 2") != std::string::npos);
}

TEST_CASE("a directory that cannot be made is an error with its name") {
  TemporaryDirectory directory;
  std::ofstream(directory.path() / "file") << "x";
  StoreOptions options;
  options.directory = directory.path() / "file" / "data";
  const auto error = error_of_call([&] { Store::open(options); });
  CHECK(error.state() == sqlstate::io_error);
  CHECK(error.message().find(options.directory.string()) != std::string::npos);
}

}  // namespace tailrace::storage::testing
