// Scalar functions and operators: builtins are a table of data, one entry each.
//
// An overload is chosen by the binder (PostgreSQL's rules with the dialect's differences) and its kernel is called with
// whole columns. Adding a function is adding one entry to one family's table (text.cpp, numbers.cpp, ...).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "repr/type.hpp"

namespace tailrace::engine {

class KernelCall;  // kernel.hpp: arguments, result builder, per-row errors, session context

enum class Nulls : std::uint8_t {
  strict,   // a NULL argument makes a NULL result; the kernel never sees one
  handled,  // the kernel sees NULLs
};

// What a call depends on besides its arguments.
enum class Volatility : std::uint8_t {
  immutable,
  stable,    // the session or the statement: current_user, now(); not allowed in maintained views
  volatile_  // random()
};

// A parameter: a type, or a placeholder that binds to the argument's type.
struct Parameter {
  enum class Kind : std::uint8_t {
    type,
    any,            // anything, each on its own
    anyelement,     // all of these are one type T ...
    anyarray,       // ... and this T[]
    anylist,        // T list
    anymap,         // map[text=>T]
    anyrange,       // range of T
    anynonarray,
    anycompatible,  // as anyelement, but arguments are promoted to a common type
    anycompatiblearray,
    anycompatiblelist,
    anycompatiblemap,
    record,
  };
  Kind kind = Kind::type;
  Type type;

  Parameter(TypeId id) : type(id) {}        // NOLINT
  Parameter(Type t) : type(std::move(t)) {}  // NOLINT
  Parameter(Kind k) : kind(k) {}             // NOLINT
};

struct Function {
  std::string_view name;  // as in SQL; operators by their symbol ("+", "~~")
  std::vector<Parameter> takes;
  Parameter gives = TypeId::unknown;
  bool variadic = false;  // the last parameter repeats, zero times or more
  Nulls nulls = Nulls::strict;
  Volatility volatility = Volatility::immutable;
  bool infallible = false;      // can never raise an error
  bool never_null = false;      // not null for non-null arguments is the rule for strict; this: never at all
  bool is_operator = false;
  std::string_view doc;         // a sentence
  std::string_view example;     // "upper('ab') = 'AB'": a test runs it
  void (*kernel)(KernelCall&) = nullptr;
  // Where the result's type depends on more than `gives` says (numeric scale, record fields); may be null.
  Type (*result_type)(std::span<const Type> arguments) = nullptr;
  Oid oid = 0;  // pg_proc.oid where PostgreSQL has it
  std::string_view schema = "pg_catalog";  // or "mz_catalog", "mz_internal"
};

// All functions (operators not) or operators of this name, in no order.
std::span<const Function* const> functions_named(std::string_view name);
std::span<const Function* const> operators_named(std::string_view symbol);
const std::vector<const Function*>& all_functions();

enum class CastContext : std::uint8_t { implicit, assignment, explicit_ };

// The function that converts `from` to `to` (modifiers included) in this context, or nullptr. Casts take the value; the
// target type, with its modifier, is KernelCall::result_type. Same base type and modifier: no cast is needed.
const Function* find_cast(const Type& from, const Type& to, CastContext context);

}  // namespace tailrace::engine
