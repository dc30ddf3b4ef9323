// Fields one after the other: integers as varints, strings and lists with their length in front.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/ids.hpp"
#include "repr/type.hpp"

namespace tailrace::catalog {

class FieldWriter {
 public:
  void put(std::uint64_t value);
  void put(std::string_view text);
  void put(const Type& type);
  template <class Tag>
  void put(ObjectId<Tag> id) {
    put(static_cast<std::uint64_t>(id.space));
    put(id.number);
  }
  template <class T, class PutOne>
  void put_list(const std::vector<T>& list, const PutOne& put_one) {
    put(static_cast<std::uint64_t>(list.size()));
    for (const auto& element : list) put_one(element);
  }
  void put_map(const std::map<std::string, std::string>& map);

  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Throws SqlError XX001 where the bytes end too soon.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t number();
  std::string text();
  Type type();
  bool flag() { return number() != 0; }
  template <class Tag>
  void get(ObjectId<Tag>& id) {
    id.space = static_cast<typename ObjectId<Tag>::Space>(number());
    id.number = number();
  }
  template <class GetOne>
  auto list(const GetOne& get_one) {
    std::vector<decltype(get_one())> list;
    for (std::uint64_t left = number(); left > 0; --left) list.push_back(get_one());
    return list;
  }
  std::map<std::string, std::string> map();

 private:
  std::string_view rest_;
};

}  // namespace tailrace::catalog
