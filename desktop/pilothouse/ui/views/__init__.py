"""Tables, trees and the delegates that paint their rows."""
