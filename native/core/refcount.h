// Intrusive, thread-safe reference counting.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace lanegrad {

// T derives from RefCounted<T>; when the last Ref goes, T::destroy(T*) runs (by default `delete`).
template <class T>
class RefCounted {
 public:
  void retain() const { count_.fetch_add(1, std::memory_order_relaxed); }
  void release() const {
    // Whoever holds the only reference holds it alone: nobody is there to make another one meanwhile, and the
    // locked subtraction is left out.
    if (count_.load(std::memory_order_acquire) == 1 || count_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      T::destroy(static_cast<T*>(const_cast<RefCounted*>(this)));
  }
  uint32_t use_count() const { return count_.load(std::memory_order_acquire); }
  static void destroy(T* object) { delete object; }
  // Of an object that nobody else knows yet.
  void retain_first() const { count_.store(1, std::memory_order_relaxed); }

 protected:
  RefCounted() = default;
  ~RefCounted() = default;

 private:
  mutable std::atomic<uint32_t> count_{0};
};

template <class T>
class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) {}
  explicit Ref(T* object) : object_(object) {
    if (object_) object_->retain();
  }
  // The first reference to an object that was just made.
  static Ref first(T* object) {
    object->retain_first();
    return borrow(object);
  }
  // A reference that is not counted: give_up() before it ends, while another one holds the object.
  static Ref borrow(T* object) {
    Ref ref;
    ref.object_ = object;
    return ref;
  }
  T* give_up() { return std::exchange(object_, nullptr); }
  Ref(const Ref& other) : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_) object_->release();
  }
  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  friend bool operator==(const Ref& a, const Ref& b) { return a.object_ == b.object_; }

 private:
  T* object_ = nullptr;
};

}  // namespace lanegrad
