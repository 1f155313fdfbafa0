// SPDX-License-Identifier: Apache-2.0

/// The bundled document as classes, the way a program would decode it that passes its orders around.
final class Bakery: Decodable {
  let chain: String
  let currency: String
  let exportedAt: String
  let shops: [Shop]
  let products: [Product]
  let customers: [Customer]
  let orders: [Order]

  final class Address: Decodable {
    let street: String
    let city: String
    let postcode: String
  }

  final class Shop: Decodable {
    let id: Int
    let name: String
    let address: Address
    let opens: String
    let seats: Int
  }

  final class Product: Decodable {
    let sku: String
    let title: String
    let price: Double
    let allergens: [String]
    let weightGrams: Int
  }

  final class Customer: Decodable {
    let id: Int
    let name: String
    let email: String
    let phone: String?
    let address: Address
    let loyaltyPoints: Int
    let newsletter: Bool
  }

  final class Order: Decodable {
    enum Status: String, Decodable { case baking, collected, delivered, cancelled }

    let number: String
    let placedAt: String
    let shop: Int
    let customer: Int
    let status: Status
    let lines: [Line]
    let total: Double
    let payment: Payment
    let deliverTo: Address?
    let note: String?
  }

  final class Line: Decodable {
    let sku: String
    let quantity: Int
    let unitPrice: Double
    let discount: Double?
  }

  final class Payment: Decodable {
    let method: String
    let reference: String
  }
}
