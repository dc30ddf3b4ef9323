// Ranges: constructors, bounds, and how they lie to each other.
#include "engine/functions/entry.hpp"
#include "engine/functions/families.hpp"
#include "engine/functions/kernel.hpp"
#include "repr/nested.hpp"
#include "repr/order.hpp"

namespace tailrace::engine {

namespace {

using Text = std::string_view;
using Kind = Parameter::Kind;

void constructor_kernel(KernelCall& call) {
  const Type type = call.result_type();
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    Text flags = "[)";
    if (call.size() == 3) {
      if (call[2].is_null(row)) {
        throw SqlError(sqlstate::null_value_not_allowed,
                       "range constructor flags argument must not be null");
      }
      flags = call[2].bytes(row);
    }
    if (flags != "[)" && flags != "[]" && flags != "(]" && flags != "()") {
      throw SqlError(sqlstate::syntax_error, "invalid range bound flags")
          .hint("Valid values are \"[]\", \"[)\", \"(]\", and \"()\".");
    }
    RangeValue range;
    if (!call[0].is_null(row)) range.lower = {call[0].value(row), flags[0] == '['};
    if (!call[1].is_null(row)) range.upper = {call[1].value(row), flags[1] == ']'};
    out.append_bytes(encode_range(type, canonical_range(type, std::move(range))));
  });
}

// Bounds in their order: an infinite lower one is before, an infinite upper one after everything;
// of equal values an inclusive lower bound is before an exclusive one, an inclusive upper bound
// after.
class Bounds {
 public:
  explicit Bounds(const Type& range) : element_(range.element()) {}

  int lower(const RangeBound& a, const RangeBound& b) const {
    if (!a.value || !b.value)
      return static_cast<int>(a.value.has_value()) - static_cast<int>(b.value.has_value());
    const int order = compare(*a.value, *b.value);
    return order != 0 ? order : static_cast<int>(b.inclusive) - static_cast<int>(a.inclusive);
  }
  int upper(const RangeBound& a, const RangeBound& b) const {
    if (!a.value || !b.value)
      return static_cast<int>(b.value.has_value()) - static_cast<int>(a.value.has_value());
    const int order = compare(*a.value, *b.value);
    return order != 0 ? order : static_cast<int>(a.inclusive) - static_cast<int>(b.inclusive);
  }
  // Some value lies at or above the lower and at or below the upper bound.
  bool meet(const RangeBound& lower, const RangeBound& upper) const {
    if (!lower.value || !upper.value) return true;
    const int order = compare(*lower.value, *upper.value);
    return order < 0 || (order == 0 && lower.inclusive && upper.inclusive);
  }
  bool touch(const RangeBound& upper, const RangeBound& lower) const {
    return upper.value && lower.value && compare(*upper.value, *lower.value) == 0 &&
           upper.inclusive != lower.inclusive;
  }
  bool contains(const RangeValue& range, const Value& value) const {
    if (range.empty) return false;
    const RangeBound point{value, true};
    return meet(range.lower, point) && meet(point, range.upper);
  }
  bool contains(const RangeValue& a, const RangeValue& b) const {
    if (b.empty) return true;
    return !a.empty && lower(a.lower, b.lower) <= 0 && upper(a.upper, b.upper) >= 0;
  }
  bool overlap(const RangeValue& a, const RangeValue& b) const {
    return !a.empty && !b.empty && meet(a.lower, b.upper) && meet(b.lower, a.upper);
  }
  bool adjacent(const RangeValue& a, const RangeValue& b) const {
    return !a.empty && !b.empty && (touch(a.upper, b.lower) || touch(b.upper, a.lower));
  }

 private:
  int compare(const Value& a, const Value& b) const {
    return compare_values(element_, a, b, Equality::sql);
  }
  Type element_;
};

template <class Test>
void compare_kernel(KernelCall& call, const Test& test) {
  const Type type = call[0].type();
  const Bounds bounds(type);
  compute<bool(Text, Text)>(call, [&](Text a, Text b) {
    return test(bounds, decode_range(type, a), decode_range(type, b));
  });
}

template <class Make>
void make_kernel(KernelCall& call, const Make& make) {
  const Type type = call.result_type();
  const Bounds bounds(type);
  write<Text, Text>(call, [&](Text a, Text b, std::string& out) {
    out += encode_range(
        type, canonical_range(type, make(bounds, decode_range(type, a), decode_range(type, b))));
  });
}

RangeValue unite(const Bounds& bounds, RangeValue a, RangeValue b) {
  if (a.empty) return b;
  if (b.empty) return a;
  if (!bounds.overlap(a, b) && !bounds.adjacent(a, b)) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   "result of range union would not be contiguous");
  }
  return {.empty = false,
          .lower = bounds.lower(a.lower, b.lower) <= 0 ? a.lower : b.lower,
          .upper = bounds.upper(a.upper, b.upper) >= 0 ? a.upper : b.upper};
}

RangeValue intersect(const Bounds& bounds, RangeValue a, RangeValue b) {
  if (!bounds.overlap(a, b)) return {.empty = true};
  return {.empty = false,
          .lower = bounds.lower(a.lower, b.lower) >= 0 ? a.lower : b.lower,
          .upper = bounds.upper(a.upper, b.upper) <= 0 ? a.upper : b.upper};
}

RangeValue subtract(const Bounds& bounds, RangeValue a, RangeValue b) {
  if (!bounds.overlap(a, b)) return a;
  const bool left = bounds.lower(a.lower, b.lower) < 0;   // something stays below b
  const bool right = bounds.upper(a.upper, b.upper) > 0;  // and above
  if (left && right) {
    throw SqlError(sqlstate::invalid_parameter_value,
                   "result of range difference would not be contiguous");
  }
  if (left) return {.empty = false, .lower = a.lower, .upper = {b.lower.value, !b.lower.inclusive}};
  if (right)
    return {.empty = false, .lower = {b.upper.value, !b.upper.inclusive}, .upper = a.upper};
  return {.empty = true};
}

template <bool upper>
void bound_kernel(KernelCall& call) {
  const Type type = call[0].type();
  build(call, [&](std::size_t row, ColumnBuilder& out) {
    const RangeValue range = decode_range(type, call[0].bytes(row));
    const RangeBound& bound = upper ? range.upper : range.lower;
    if (range.empty || !bound.value) {
      out.append_null();
    } else {
      out.append_value(*bound.value);
    }
  });
}

template <class Test>
void test_kernel(KernelCall& call, const Test& test) {
  const Type type = call[0].type();
  compute<bool(Text)>(call, [&](Text range) { return test(decode_range(type, range)); });
}

void add_constructors(std::vector<Function>& out) {
  struct Named {
    Text name;
    TypeId element;
    Text example;
  };
  static constexpr Named ranges[] = {
      {"int4range", TypeId::int4, "int4range(1, 3)::text = '[1,3)'"},
      {"int8range", TypeId::int8, "int8range(1, 3)::text = '[1,3)'"},
      {"numrange", TypeId::numeric, "numrange(1.5, 3)::text = '[1.5,3)'"},
      {"daterange", TypeId::date,
       "daterange('2020-01-01', '2020-01-03')::text = '[2020-01-01,2020-01-03)'"},
      {"tsrange", TypeId::timestamp, "isempty(tsrange('2020-01-01', '2020-01-01')) = true"},
      {"tstzrange", TypeId::timestamptz, "isempty(tstzrange('2020-01-01', '2020-01-01')) = true"},
  };
  for (const Named& range : ranges) {
    const Type type = Type::range_of(range.element);
    constexpr Text doc = "The range between; NULL is no bound.";
    out.push_back(
        never_null(handling_nulls(function_entry(range.name, {range.element, range.element}, type,
                                                 doc, range.example, constructor_kernel))));
    out.push_back(never_null(handling_nulls(function_entry(
        range.name, {range.element, range.element, TypeId::text}, type,
        "The range with these brackets; NULL is no bound.", {}, constructor_kernel))));
  }
}

void add_relations(std::vector<Function>& out) {
  const auto add = [&](Text symbol, Text doc, Text example, Kernel kernel) {
    out.push_back(infallible(operator_entry(symbol, {Kind::anyrange, Kind::anyrange},
                                            TypeId::boolean, doc, example, kernel)));
  };
  add("@>", "Whether the first holds the second.", "(int4range(1, 9) @> int4range(2, 3)) = true",
      [](KernelCall& call) {
        compare_kernel(call, [](const Bounds& bounds, const RangeValue& a, const RangeValue& b) {
          return bounds.contains(a, b);
        });
      });
  add("<@", "Whether the second holds the first.", "(int4range(2, 3) <@ int4range(1, 9)) = true",
      [](KernelCall& call) {
        compare_kernel(call, [](const Bounds& bounds, const RangeValue& a, const RangeValue& b) {
          return bounds.contains(b, a);
        });
      });
  add("&&", "Whether they have a value in common.", "(int4range(1, 3) && int4range(2, 9)) = true",
      [](KernelCall& call) {
        compare_kernel(call, [](const Bounds& bounds, const RangeValue& a, const RangeValue& b) {
          return bounds.overlap(a, b);
        });
      });
  add("<<", "Whether the first ends before the second begins.",
      "(int4range(1, 3) << int4range(5, 9)) = true", [](KernelCall& call) {
        compare_kernel(call, [](const Bounds& bounds, const RangeValue& a, const RangeValue& b) {
          return !a.empty && !b.empty && !bounds.meet(b.lower, a.upper);
        });
      });
  add(">>", "Whether the first begins after the second ends.",
      "(int4range(5, 9) >> int4range(1, 3)) = true", [](KernelCall& call) {
        compare_kernel(call, [](const Bounds& bounds, const RangeValue& a, const RangeValue& b) {
          return !a.empty && !b.empty && !bounds.meet(a.lower, b.upper);
        });
      });
  add("&<", "Whether the first does not go on after the second ends.",
      "(int4range(1, 3) &< int4range(2, 3)) = true", [](KernelCall& call) {
        compare_kernel(call, [](const Bounds& bounds, const RangeValue& a, const RangeValue& b) {
          return !a.empty && !b.empty && bounds.upper(a.upper, b.upper) <= 0;
        });
      });
  add("&>", "Whether the first does not begin before the second.",
      "(int4range(2, 3) &> int4range(1, 3)) = true", [](KernelCall& call) {
        compare_kernel(call, [](const Bounds& bounds, const RangeValue& a, const RangeValue& b) {
          return !a.empty && !b.empty && bounds.lower(a.lower, b.lower) >= 0;
        });
      });
  add("-|-", "Whether one begins where the other ends.",
      "(int4range(1, 3) -|- int4range(3, 9)) = true", [](KernelCall& call) {
        compare_kernel(call, [](const Bounds& bounds, const RangeValue& a, const RangeValue& b) {
          return bounds.adjacent(a, b);
        });
      });
}

}  // namespace

std::vector<Function> range_functions() {
  std::vector<Function> out;
  add_constructors(out);
  add_relations(out);
  const std::vector<Parameter> two = {Kind::anyrange, Kind::anyrange};
  out.push_back(operator_entry("+", two, Kind::anyrange, "What either holds.",
                               "(int4range(1, 3) + int4range(2, 9)) = int4range(1, 9)",
                               [](KernelCall& call) { make_kernel(call, unite); }));
  out.push_back(operator_entry("*", two, Kind::anyrange, "What both hold.",
                               "(int4range(1, 3) * int4range(2, 9)) = int4range(2, 3)",
                               [](KernelCall& call) { make_kernel(call, intersect); }));
  out.push_back(operator_entry("-", two, Kind::anyrange, "What only the first holds.",
                               "(int4range(1, 3) - int4range(2, 9)) = int4range(1, 2)",
                               [](KernelCall& call) { make_kernel(call, subtract); }));
  out.push_back(infallible(operator_entry(
      "@>", {Kind::anyrange, Kind::anyelement}, TypeId::boolean,
      "Whether the range holds the value.", "(int4range(1, 3) @> 2) = true", [](KernelCall& call) {
        const Type type = call[0].type();
        const Bounds bounds(type);
        compute<bool(Text, Value)>(call, [&](Text range, const Value& value) {
          return bounds.contains(decode_range(type, range), value);
        });
      })));
  out.push_back(infallible(operator_entry(
      "<@", {Kind::anyelement, Kind::anyrange}, TypeId::boolean,
      "Whether the range holds the value.", "(2 <@ int4range(1, 3)) = true", [](KernelCall& call) {
        const Type type = call[1].type();
        const Bounds bounds(type);
        compute<bool(Value, Text)>(call, [&](const Value& value, Text range) {
          return bounds.contains(decode_range(type, range), value);
        });
      })));
  out.push_back(infallible(function_entry("lower", {Kind::anyrange}, Kind::anyelement,
                                          "The lower bound, if it has one.",
                                          "lower(int4range(1, 3)) = 1", bound_kernel<false>)));
  out.push_back(infallible(function_entry("upper", {Kind::anyrange}, Kind::anyelement,
                                          "The upper bound, if it has one.",
                                          "upper(int4range(1, 3)) = 3", bound_kernel<true>)));
  const auto add_test = [&](Text name, Text doc, Text example, Kernel kernel) {
    out.push_back(
        infallible(function_entry(name, {Kind::anyrange}, TypeId::boolean, doc, example, kernel)));
  };
  add_test("isempty", "Whether it holds nothing.", "isempty(int4range(1, 1)) = true",
           [](KernelCall& call) {
             test_kernel(call, [](const RangeValue& range) { return range.empty; });
           });
  add_test("lower_inc", "Whether the lower bound belongs to it.",
           "lower_inc(int4range(1, 3)) = true", [](KernelCall& call) {
             test_kernel(call, [](const RangeValue& range) { return range.lower.inclusive; });
           });
  add_test("upper_inc", "Whether the upper bound belongs to it.",
           "upper_inc(int4range(1, 3)) = false", [](KernelCall& call) {
             test_kernel(call, [](const RangeValue& range) { return range.upper.inclusive; });
           });
  add_test("lower_inf", "Whether it has no lower bound.", "lower_inf(int4range(NULL, 3)) = true",
           [](KernelCall& call) {
             test_kernel(
                 call, [](const RangeValue& range) { return !range.empty && !range.lower.value; });
           });
  add_test("upper_inf", "Whether it has no upper bound.", "upper_inf(int4range(1, NULL)) = true",
           [](KernelCall& call) {
             test_kernel(
                 call, [](const RangeValue& range) { return !range.empty && !range.upper.value; });
           });
  return out;
}

}  // namespace tailrace::engine
