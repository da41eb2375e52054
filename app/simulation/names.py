"""Names of people who do not exist, made of names that are common in Mexico."""

from app.directory.people import PersonName
from app.simulation.chance import Chance, early_one_of, happens

# Most frequent first: early_one_of prefers them.
WOMEN = (
    "María Guadalupe", "Ximena", "Fernanda", "Valeria", "Camila", "Daniela", "Andrea", "Mariana",
    "Alejandra", "Guadalupe", "Diana", "Karla", "Jimena", "Natalia", "Sofía", "Regina", "Renata",
    "Paola", "Gabriela", "Ana", "Brenda", "Itzel", "Yaretzi", "Abril", "Montserrat", "Vanessa",
    "Karen", "Estefanía", "Citlali", "Dulce", "Rocío", "Verónica", "Adriana", "Leticia", "Elena",
    "Alondra", "Aranza", "Ashley", "Melissa", "Perla", "Esmeralda", "Evelyn", "Monserrat", "Rubí",
    "Lizbeth", "Miriam", "Noemí", "Araceli", "Beatriz", "Marisol", "Nayeli", "Xóchitl", "Belén",
    "Paulina", "Julieta", "Luz", "Mónica", "Yolanda", "Zoé", "Begoña",
)  # fmt: skip
MEN = (
    "José Luis", "Juan", "Diego", "Santiago", "Luis", "Carlos", "Miguel", "Ángel", "Alejandro",
    "Jesús", "Daniel", "Eduardo", "Fernando", "Emiliano", "Sebastián", "Leonardo", "Ricardo",
    "Jorge", "Francisco", "Iván", "Kevin", "Brandon", "Erick", "Óscar", "Alan", "Adrián", "Rodrigo",
    "Gael", "Axel", "Bryan", "Emmanuel", "Víctor", "Manuel", "Antonio", "Raúl", "Javier", "Sergio",
    "Marco", "Hugo", "Rafael", "César", "Omar", "Arturo", "Roberto", "Enrique", "Pablo", "Andrés",
    "Cristian", "Uriel", "Josué", "Abraham", "Isaac", "Tadeo", "Iker", "Ulises", "Noé", "Saúl",
    "Martín", "Gilberto", "Íñigo",
)  # fmt: skip
SURNAMES = (
    "Hernández", "García", "Martínez", "López", "González", "Pérez", "Rodríguez", "Sánchez",
    "Ramírez", "Cruz", "Flores", "Gómez", "Morales", "Vázquez", "Reyes", "Jiménez", "Torres",
    "Díaz", "Gutiérrez", "Ruiz", "Mendoza", "Aguilar", "Ortiz", "Moreno", "Castillo", "Romero",
    "Álvarez", "Méndez", "Chávez", "Rivera", "Juárez", "Ramos", "Domínguez", "Herrera", "Medina",
    "Castro", "Vargas", "Guzmán", "Velázquez", "Rojas", "Muñoz", "de la Cruz", "Contreras",
    "Salazar", "Luna", "Ortega", "Guerrero", "Santiago", "Estrada", "Bautista", "Cortés", "Soto",
    "Alvarado", "Espinoza", "Lara", "Ávila", "Ríos", "Cervantes", "Silva", "Delgado", "Vega",
    "Márquez", "Sandoval", "Fernández", "León", "Carrillo", "Mejía", "Solís", "Núñez", "Rosas",
    "Ibarra", "Valdez", "Campos", "Santos", "Camacho", "Navarro", "Peña", "Maldonado", "Rosales",
    "Acosta", "Cárdenas", "Pacheco", "Miranda", "Robles", "Cabrera", "Trejo", "Molina", "Osorio",
    "Villanueva", "Franco", "Montes", "Zamora", "Orozco", "Nava", "Ochoa", "Padilla", "Quiroz",
    "Tapia", "Zavala", "Ponce", "Uribe", "Xool", "Yáñez", "Ibáñez", "del Río", "Arce", "Pech",
    "Canul", "Tzul", "Nieto", "Bravo", "Galván", "Duarte", "Félix", "Murillo", "Macías", "Esquivel",
)  # fmt: skip


def draw_name(
    chance: Chance, sex: str, *, two_given: float, one_surname: float = 0.0
) -> PersonName:
    """A name for a person of this sex (H, M, X). Probabilities from 0 to 1."""
    given_names = WOMEN if sex == "M" or (sex == "X" and happens(chance, 0.5)) else MEN
    given = early_one_of(chance, given_names)
    if " " not in given and happens(chance, two_given):
        second = early_one_of(chance, given_names)
        given = given if second == given or " " in second else f"{given} {second}"
    surname_2 = None if happens(chance, one_surname) else early_one_of(chance, SURNAMES)
    return PersonName(given, early_one_of(chance, SURNAMES), surname_2)
