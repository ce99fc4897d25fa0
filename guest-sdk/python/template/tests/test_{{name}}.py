import unittest

from {{name}} import Config, Mean, is_hot, to_fahrenheit


class Temperatures(unittest.TestCase):
    def test_water_boils_at_212(self):
        self.assertEqual(to_fahrenheit(100.0), 212.0)

    def test_the_threshold_is_not_hot(self):
        self.assertFalse(is_hot(Config(), 30.0))
        self.assertTrue(is_hot(Config(threshold=20.0), 30.0))

    def test_a_mean_of_nothing_is_none(self):
        self.assertIsNone(Mean().finish())

    def test_means_merge(self):
        one, other = Mean(), Mean()
        one.update(1.0)
        other.update(2.0)
        other.update(6.0)
        one.merge(other)
        self.assertEqual(one.finish(), 3.0)
