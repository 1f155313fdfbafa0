// SPDX-License-Identifier: Apache-2.0
#ifndef SIZER_TESTS_SHAPES_H
#define SIZER_TESTS_SHAPES_H
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

// What Swift programs get from C++: values with and without a heap of their own, and objects that C++ counts.

namespace shapes {
class Session;
}
void retainSession(shapes::Session *session);
void releaseSession(shapes::Session *session);

namespace shapes {

using Text = std::string;
using Numbers = std::vector<int>;
using Shared = std::shared_ptr<int>;

inline Text text(size_t length) { return Text(length, 'z'); }
inline Numbers numbers(size_t count) { return Numbers(count, 1); }
inline Shared shared() { return std::make_shared<int>(1); }

/// Bits only.
struct Point {
  double x = 1, y = 2;
};

/// Owns memory that only its destructor tells.
class Buffer {
 public:
  explicit Buffer(size_t size) : size(size), bytes(new char[size]()) {}
  Buffer(const Buffer &other) : Buffer(other.size) {}
  ~Buffer() { delete[] bytes; }

 private:
  Buffer &operator=(const Buffer &) = delete;
  size_t size;
  char *bytes;
};

/// An object with a heap of its own, counted by C++. What <swift/bridging> calls SWIFT_SHARED_REFERENCE: the header
/// lies where not every compiler looks.
class __attribute__((swift_attr("import_reference"), swift_attr("retain:retainSession"),
                     swift_attr("release:releaseSession"))) Session {
 public:
  __attribute__((swift_attr("returns_retained"))) static Session *make(size_t size) { return new Session(size); }

 private:
  explicit Session(size_t size) : buffer(size) {}
  friend void ::retainSession(Session *session);
  friend void ::releaseSession(Session *session);
  std::atomic<int> count{1};
  Buffer buffer;
};

}  // namespace shapes

#endif
