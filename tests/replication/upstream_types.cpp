#include <doctest/doctest.h>

#include "replication/postgres/upstream_types.hpp"

using namespace tailrace;
using namespace tailrace::replication;

TEST_CASE("upstream types become the dialect's") {
  CHECK(ingested_type(23, -1) == Type(TypeId::int4));
  CHECK(ingested_type(1043, 24) == Type(TypeId::varchar, 20));
  CHECK(ingested_type(1042, 14) == Type(TypeId::bpchar, 10));
  CHECK(ingested_type(1700, ((10 << 16) | 2) + 4) == Type::numeric(10, 2));
  CHECK(ingested_type(1700, -1) == Type(TypeId::numeric));
  CHECK(ingested_type(114, -1) == Type(TypeId::jsonb));
  CHECK(ingested_type(199, -1) == Type::array_of(TypeId::jsonb));
  CHECK(ingested_type(1015, 7) == Type::array_of(Type(TypeId::varchar, 3)));
}

TEST_CASE("types that the dialect cannot hold are not ingested") {
  for (const Oid oid : {790u, 600u, 869u, 2206u, 2205u, 1266u, 19u, 3220u, 1560u, 142u, 100000u}) {
    CHECK_FALSE(ingested_type(oid, -1).has_value());
  }
  CHECK_FALSE(ingested_type(1700, ((40 << 16) | 2) + 4).has_value());
}

TEST_CASE("numeric with a negative scale keeps whole values") {
  // numeric(3, -2): the scale is an 11-bit signed number.
  const std::int32_t modifier = ((3 << 16) | (-2 & 0x7ff)) + 4;
  CHECK(ingested_type(1700, modifier) == Type(TypeId::numeric));
}

TEST_CASE("only values that cannot fail stream in binary") {
  CHECK(streams_in_binary(23, TypeId::int4));
  CHECK(streams_in_binary(1042, Type(TypeId::bpchar, 84)));
  CHECK_FALSE(streams_in_binary(1082, TypeId::date));
  CHECK_FALSE(streams_in_binary(1700, TypeId::numeric));
  CHECK_FALSE(streams_in_binary(114, TypeId::jsonb));
}
